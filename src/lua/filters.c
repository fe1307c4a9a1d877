#include "lua/filters.h"

/* A quoted string of the filter grammar: https://pkg.go.dev/github.com/containerd/containerd/filters */
static void add_quoted(luaL_Buffer *text, const char *string) {
  luaL_addchar(text, '"');
  for (; *string; string++) {
    if (*string == '"' || *string == '\\')
      luaL_addchar(text, '\\');
    luaL_addchar(text, *string);
  }
  luaL_addchar(text, '"');
}

/* Pushes labels."app"=="web", with `before` in front; `key` and `value` are indices of strings. */
static void push_condition(lua_State *L, const char *before, int key, int value) {
  const char *name = lua_tostring(L, key), *wanted = lua_tostring(L, value);
  luaL_Buffer text;
  luaL_buffinit(L, &text);
  luaL_addstring(&text, before);
  luaL_addstring(&text, "labels.");
  add_quoted(&text, name);
  luaL_addstring(&text, "==");
  add_quoted(&text, wanted);
  luaL_pushresult(&text);
}

static const char *labels_filter(lua_State *L, struct ctd_op *op, int labels) {
  lua_pushliteral(L, "");
  int filter = lua_gettop(L);
  for (lua_pushnil(L); lua_next(L, labels); lua_settop(L, filter + 1)) {
    if (!ctd_is_text(L, -2) || !ctd_is_text(L, -1))
      ctd_misuse(L, op, "names and values of labels are strings without zero bytes");
    lua_pushvalue(L, filter);
    push_condition(L, ctd_rawlen(L, filter) ? "," : "", filter + 1, filter + 2);
    lua_concat(L, 2);
    lua_replace(L, filter);
  }
  const char *copy = ctd_arena_string(L, &op->arena, filter);
  lua_settop(L, filter - 1);
  return copy;
}

static const char *filter_read(lua_State *L, struct ctd_op *op, int index) {
  const char *filter;
  if (lua_type(L, index) == LUA_TTABLE)
    return labels_filter(L, op, index);
  ctd_read_string(L, index, op, "filter", &filter);
  return filter;
}

static bool has_field(lua_State *L, int index, const char *name, int type) {
  lua_getfield(L, index, name);
  bool has = lua_type(L, -1) == type;
  lua_pop(L, 1);
  return has;
}

/* Values of labels are strings. */
static bool is_options(lua_State *L, int index) {
  return lua_type(L, index) == LUA_TTABLE &&
         (has_field(L, index, "timeout", LUA_TNUMBER) || has_field(L, index, "block", LUA_TBOOLEAN));
}

void ctd_filters_read(lua_State *L, struct ctd_op *op, struct ctd_filters *filters) {
  int last = lua_gettop(L);
  if (last >= CTD_METHOD_ARGUMENT && is_options(L, last))
    ctd_options_read(L, last--, op, NULL, NULL);
  if (last < CTD_METHOD_ARGUMENT)
    return;
  filters->items = ctd_arena_allocate(L, &op->arena, (size_t)(last - CTD_METHOD_ARGUMENT + 1) * sizeof *filters->items);
  for (int i = CTD_METHOD_ARGUMENT; i <= last; i++)
    filters->items[filters->count++] = filter_read(L, op, i);
}
