#include "lua/scan_method.h"
#include "lua/op.h"
#include <stdlib.h>
#include <string.h>

static void format_read(lua_State *L, int index, struct ctd_op *op, struct ctd_scan_item *item) {
  static const char letters[] = {[CTD_SCAN_LINE] = 'l', [CTD_SCAN_FULL_LINE] = 'L', [CTD_SCAN_ALL] = 'a'};
  double size = lua_tonumber(L, index);
  const char *text = lua_type(L, index) == LUA_TSTRING ? lua_tostring(L, index) : "";
  if (lua_type(L, index) == LUA_TNUMBER && size >= 0 && size <= 0x1p53 && size == floor(size)) {
    item->format = CTD_SCAN_SIZE;
    item->size = (size_t)size;
    return;
  }
  text += *text == '*';
  const char *letter = *text ? memchr(letters, *text, sizeof letters) : NULL;
  if (!letter)
    ctd_misuse(L, op, "format \"l\", \"L\", \"a\" or a number of bytes expected");
  else
    item->format = (enum ctd_scan_format)(letter - letters);
}

void ctd_scan_request_parse(lua_State *L, struct ctd_op *op, struct ctd_scan_request *request) {
  int given = ctd_options_take(L, op);
  request->count = given > 0 ? (size_t)given : 1;
  request->items = ctd_arena_allocate(L, &op->arena, request->count * sizeof *request->items);
  for (int i = 0; i < given; i++)
    format_read(L, CTD_METHOD_ARGUMENT + i, op, &request->items[i]);
}

int ctd_scan_request_push(lua_State *L, const struct ctd_scan_request *request) {
  luaL_checkstack(L, (int)request->count, "results");
  for (size_t i = 0; i < request->count; i++)
    if (request->items[i].text.data)
      lua_pushlstring(L, request->items[i].text.data, request->items[i].text.size);
    else
      lua_pushnil(L);
  return (int)request->count;
}

void ctd_scan_request_release(struct ctd_scan_request *request) {
  for (size_t i = 0; request->items && i < request->count; i++)
    free(request->items[i].text.data);
}

void ctd_scan_extend(lua_State *L) {
  ctd_method_push_wait(L);
  lua_getfield(L, -1, "lines");
  lua_remove(L, -2);
  lua_getfield(L, -2, "read");
  lua_call(L, 1, 1);
  lua_setfield(L, -2, "lines");
}
