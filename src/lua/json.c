#include "lua/json.h"
#include <math.h>
#include <string.h>

#define DEPTH_LIMIT 100

static const char array_key; /* registry: the metatable that marks arrays */
static const char box_key;   /* registry: the metatable of boxes */

/* Where in the value we are: a list from the innermost table outwards. */
struct place {
  const struct place *parent;
  int level;         /* of the caller whose position an error has */
  const void *table; /* identity, to find cycles */
  const char *key;   /* of this place in its parent; NULL: `position` is */
  size_t position;
  int depth;
};

void ctd_json_push_null(lua_State *L) {
  lua_pushlightuserdata(L, NULL);
}

static void array_mark(lua_State *L) {
  ctd_registry_get(L, &array_key);
  lua_setmetatable(L, -2);
}

static bool array_is_marked(lua_State *L, int index) {
  if (!lua_getmetatable(L, index))
    return false;
  ctd_registry_get(L, &array_key);
  bool marked = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return marked;
}

static void push_array(lua_State *L, const json_t *array) {
  size_t count = json_array_size(array);
  lua_createtable(L, (int)count, 0);
  array_mark(L);
  for (size_t i = 0; i < count; i++) {
    ctd_json_push(L, json_array_get(array, i));
    lua_rawseti(L, -2, (int)i + 1);
  }
}

static void push_object(lua_State *L, const json_t *object) {
  lua_createtable(L, 0, (int)json_object_size(object));
  for (void *at = json_object_iter((json_t *)object); at; at = json_object_iter_next((json_t *)object, at)) {
    lua_pushstring(L, json_object_iter_key(at));
    ctd_json_push(L, json_object_iter_value(at));
    lua_rawset(L, -3);
  }
}

void ctd_json_push(lua_State *L, const json_t *value) {
  luaL_checkstack(L, 6, "JSON");
  switch (json_typeof(value)) {
  case JSON_OBJECT:
    push_object(L, value);
    break;
  case JSON_ARRAY:
    push_array(L, value);
    break;
  case JSON_STRING:
    lua_pushlstring(L, json_string_value(value), json_string_length(value));
    break;
  case JSON_INTEGER:
    lua_pushinteger(L, (lua_Integer)json_integer_value(value));
    break;
  case JSON_REAL:
    lua_pushnumber(L, json_real_value(value));
    break;
  case JSON_TRUE:
  case JSON_FALSE:
    lua_pushboolean(L, json_is_true(value));
    break;
  default:
    ctd_json_push_null(L);
  }
}

static void place_add(luaL_Buffer *text, const struct place *place) {
  char number[32];
  if (place->parent)
    place_add(text, place->parent);
  if (place->key) {
    if (place->parent)
      luaL_addchar(text, '.');
    luaL_addstring(text, place->key);
    return;
  }
  snprintf(number, sizeof number, "[%zu]", place->position);
  luaL_addstring(text, number);
}

static void place_error(lua_State *L, const struct place *place, const char *what) {
  luaL_Buffer text;
  luaL_checkstack(L, LUA_MINSTACK, "JSON");
  luaL_buffinit(L, &text);
  place_add(&text, place);
  luaL_addstring(&text, ": ");
  luaL_addstring(&text, what);
  luaL_pushresult(&text);
  if (place->level) {
    luaL_where(L, place->level);
    lua_insert(L, -2);
    lua_concat(L, 2);
  }
  lua_error(L);
}

static json_t *value_read(lua_State *L, int index, struct place *place);

/* A new child hangs in its parent before it is filled in, so that an error on the way leaves nothing behind. */
static void table_fill(lua_State *L, int index, json_t *value, struct place *place);

/* The number of elements if the table is an array of at least one, else 0. */
static size_t array_length(lua_State *L, int index) {
  size_t length = ctd_rawlen(L, index), seen = 0;
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    seen++;
    if (lua_type(L, -2) != LUA_TNUMBER) {
      lua_pop(L, 2);
      return 0;
    }
  }
  return seen == length ? length : 0;
}

static json_t *number_read(lua_State *L, int index, struct place *place) {
  double number = lua_tonumber(L, index);
  if (ctd_is_integer(L, index))
    return json_integer(lua_tointeger(L, index));
  if (!isfinite(number))
    place_error(L, place, "JSON has no such number");
  return number == floor(number) && fabs(number) <= 9007199254740992.0 ? json_integer((json_int_t)number)
                                                                       : json_real(number);
}

static json_t *string_read(lua_State *L, int index, struct place *place) {
  size_t size;
  const char *text = lua_tolstring(L, index, &size);
  if (strlen(text) != size)
    place_error(L, place, "the string has a zero byte");
  json_t *value = json_stringn(text, size);
  if (value)
    return value;
  value = json_stringn_nocheck(text, size);
  json_decref(value);
  if (value)
    place_error(L, place, "the string is not UTF-8");
  return NULL;
}

static bool table_is_empty(lua_State *L, int index) {
  lua_pushnil(L);
  if (!lua_next(L, index))
    return true;
  lua_pop(L, 2);
  return false;
}

static json_t *table_read(lua_State *L, int index, struct place *place) {
  place->table = lua_topointer(L, index);
  for (const struct place *outer = place->parent; outer; outer = outer->parent)
    if (outer->table == place->table)
      place_error(L, place, "the table contains itself");
  if (place->depth > DEPTH_LIMIT)
    place_error(L, place, "the tables are nested too deeply");
  if (array_length(L, index))
    return json_array();
  if (!array_is_marked(L, index))
    return json_object();
  if (!table_is_empty(L, index))
    place_error(L, place, "the array has other keys than 1 to n");
  return json_array();
}

static json_t *value_read(lua_State *L, int index, struct place *place) {
  switch (lua_type(L, index)) {
  case LUA_TTABLE:
    return table_read(L, index, place);
  case LUA_TNUMBER:
    return number_read(L, index, place);
  case LUA_TSTRING:
    return string_read(L, index, place);
  case LUA_TBOOLEAN:
    return json_boolean(lua_toboolean(L, index));
  case LUA_TLIGHTUSERDATA:
    if (!lua_touserdata(L, index))
      return json_null();
  }
  lua_pushfstring(L, "a %s has no place in JSON", luaL_typename(L, index));
  place_error(L, place, lua_tostring(L, -1));
  return NULL;
}

static void nomem(lua_State *L) {
  luaL_error(L, "not enough memory");
}

static void array_fill(lua_State *L, int index, json_t *array, struct place *parent) {
  size_t length = ctd_rawlen(L, index);
  for (size_t i = 1; i <= length; i++) {
    struct place place = {parent, parent->level, NULL, NULL, i, parent->depth + 1};
    lua_rawgeti(L, index, (int)i);
    json_t *value = value_read(L, lua_gettop(L), &place);
    if (json_array_append_new(array, value))
      nomem(L);
    table_fill(L, lua_gettop(L), value, &place);
    lua_pop(L, 1);
  }
}

static const char *key_read(lua_State *L, int index, struct place *parent) {
  if (lua_type(L, index) != LUA_TSTRING)
    place_error(L, parent, "the table is neither an array nor has it only strings as keys");
  json_decref(string_read(L, index, parent));
  return lua_tostring(L, index);
}

static void object_fill(lua_State *L, int index, json_t *object, struct place *parent) {
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    struct place place = {parent, parent->level, NULL, key_read(L, lua_gettop(L) - 1, parent), 0, parent->depth + 1};
    json_t *value = value_read(L, lua_gettop(L), &place);
    if (json_object_set_new(object, place.key, value))
      nomem(L);
    table_fill(L, lua_gettop(L), value, &place);
  }
}

static void table_fill(lua_State *L, int index, json_t *value, struct place *place) {
  luaL_checkstack(L, 8, "JSON");
  if (json_is_array(value))
    array_fill(L, index, value, place);
  else if (json_is_object(value))
    object_fill(L, index, value, place);
}

void ctd_json_read(lua_State *L, int index, const char *name, int level, json_t **out) {
  struct place root = {NULL, level, NULL, name, 0, 0};
  index = ctd_absindex(L, index);
  *out = value_read(L, index, &root);
  if (!*out)
    nomem(L);
  table_fill(L, index, *out, &root);
}

json_t **ctd_json_box(lua_State *L) {
  json_t **box = lua_newuserdata(L, sizeof(json_t *));
  *box = NULL;
  ctd_registry_get(L, &box_key);
  lua_setmetatable(L, -2);
  return box;
}

static int box_gc(lua_State *L) {
  json_decref(*(json_t **)lua_touserdata(L, 1));
  return 0;
}

int ctd_json_array_function(lua_State *L) {
  if (lua_isnoneornil(L, 1)) {
    lua_settop(L, 0);
    lua_newtable(L);
  }
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  array_mark(L);
  return 1;
}

void ctd_json_open(lua_State *L) {
  lua_newtable(L);
  lua_pushliteral(L, "containerd.array");
  lua_setfield(L, -2, "__name");
  ctd_registry_set(L, &array_key);
  lua_newtable(L);
  lua_pushcfunction(L, box_gc);
  lua_setfield(L, -2, "__gc");
  ctd_registry_set(L, &box_key);
}
