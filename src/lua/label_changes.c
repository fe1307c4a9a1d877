#include "lua/label_changes.h"
#include "client/any.h"
#include "lua/op.h"

static void changes_release(void *changes) {
  ctd_labels_free(changes);
}

void ctd_read_label_changes(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  struct ctd_error err = {0};
  if (lua_type(L, index) != LUA_TTABLE)
    ctd_read_failed(L, index, op, name, "table of labels");
  ctd_arena_own(L, &op->arena, changes_release, target);
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    bool removed = lua_isboolean(L, -1) && !lua_toboolean(L, -1);
    if (lua_type(L, -2) != LUA_TSTRING || (lua_type(L, -1) != LUA_TSTRING && !removed))
      ctd_misuse(L, op, "\"%s\": names of labels are strings, values strings or false", name);
    if (ctd_labels_set(target, lua_tostring(L, -2), removed ? "" : lua_tostring(L, -1), &err))
      luaL_error(L, "%s", err.message);
  }
}
