#include "lua/fail.h"
#include "lua/json.h"
#include <string.h>

static const char fail_key; /* registry: the metatable */

struct ctd_error *ctd_fail_box(lua_State *L) {
  struct ctd_error *err = lua_newuserdata(L, sizeof *err);
  memset(err, 0, sizeof *err);
  ctd_registry_get(L, &fail_key);
  lua_setmetatable(L, -2);
  return err;
}

int ctd_fail(lua_State *L, bool safe) {
  if (!safe)
    return lua_error(L);
  const struct ctd_error *err = lua_touserdata(L, -1);
  lua_pushnil(L);
  lua_insert(L, -2);
  lua_pushstring(L, ctd_code_name(err->code));
  return 3;
}

const struct ctd_error *ctd_fail_test(lua_State *L, int index) {
  const struct ctd_error *err = lua_touserdata(L, index);
  if (!err || !lua_getmetatable(L, index))
    return NULL;
  ctd_registry_get(L, &fail_key);
  bool ours = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return ours ? err : NULL;
}

static const struct ctd_error *fail_self(lua_State *L) {
  static const struct ctd_error none;
  const struct ctd_error *err = ctd_fail_test(L, 1);
  if (err)
    return err;
  luaL_error(L, "containerd.error expected, got %s", luaL_typename(L, 1));
  return &none; /* never */
}

static int fail_push_text(lua_State *L, const char *text) {
  if (*text)
    lua_pushstring(L, text);
  else
    lua_pushnil(L);
  return 1;
}

static int fail_index(lua_State *L) {
  const struct ctd_error *err = fail_self(L);
  const char *field = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
  if (!strcmp(field, "code"))
    return fail_push_text(L, ctd_code_name(err->code));
  if (!strcmp(field, "message"))
    return fail_push_text(L, err->message);
  if (!strcmp(field, "op"))
    return fail_push_text(L, err->op);
  if (!strcmp(field, "details") && err->details) {
    ctd_json_push(L, err->details);
    return 1;
  }
  if (strcmp(field, "status") != 0 || !err->status)
    return 0;
  lua_pushinteger(L, err->status);
  return 1;
}

static int fail_tostring(lua_State *L) {
  return fail_push_text(L, fail_self(L)->message);
}

static void fail_push_operand(lua_State *L, int index) {
  const struct ctd_error *err = ctd_fail_test(L, index);
  if (err)
    lua_pushstring(L, err->message);
  else
    lua_pushvalue(L, index);
}

/* "text" .. err, as scripts write it when they print one. */
static int fail_concat(lua_State *L) {
  fail_push_operand(L, 1);
  fail_push_operand(L, 2);
  lua_concat(L, 2);
  return 1;
}

/* A script may call it too, with anything. */
static int fail_gc(lua_State *L) {
  fail_self(L);
  ctd_error_clear(lua_touserdata(L, 1));
  return 0;
}

int ctd_fail_is_error(lua_State *L) {
  const struct ctd_error *err = ctd_fail_test(L, 1);
  const char *code = luaL_optstring(L, 2, NULL);
  lua_pushboolean(L, err && (!code || !strcmp(code, ctd_code_name(err->code))));
  return 1;
}

void ctd_fail_push_codes(lua_State *L) {
  lua_createtable(L, CTD_CODE_COUNT - 1, 0);
  for (int code = CTD_OK + 1; code < CTD_CODE_COUNT; code++) {
    lua_pushstring(L, ctd_code_name(code));
    lua_rawseti(L, -2, code);
  }
}

static const luaL_Reg fail_metamethods[] = {
    {"__index", fail_index}, {"__tostring", fail_tostring}, {"__concat", fail_concat}, {"__gc", fail_gc}, {NULL, NULL},
};

void ctd_fail_open(lua_State *L) {
  lua_newtable(L);
  lua_pushliteral(L, "containerd.error");
  lua_setfield(L, -2, "__name");
  ctd_set_functions(L, fail_metamethods);
  ctd_registry_set(L, &fail_key);
}
