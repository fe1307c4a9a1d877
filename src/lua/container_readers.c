#include "base/json.h"
#include "client/runtime_message.h"
#include "lua/container_options.h"
#include "lua/json.h"
#include "lua/op.h"
#include <string.h>

static void read_object(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  ctd_read_json(L, index, op, name, target);
  if (!json_is_object(*(json_t **)target))
    ctd_misuse(L, op, "\"%s\": table by names expected, got an array", name);
}

void ctd_read_named_strings(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  const char *key;
  json_t *value;
  read_object(L, index, op, name, target);
  json_object_foreach(*(json_t **)target, key, value) {
    if (!json_is_string(value))
      ctd_misuse(L, op, "\"%s\": string expected for \"%s\"", name, key);
  }
}

static void json_release(void *slot) {
  json_decref(*(json_t **)slot);
}

static void read_spec_text(lua_State *L, int index, struct ctd_op *op, const char *name, json_t **target) {
  struct ctd_error err = {0};
  size_t size;
  const char *text = lua_tolstring(L, index, &size);
  ctd_arena_own(L, &op->arena, json_release, target);
  if (ctd_json_parse(target, text, size, "JSON", &err))
    ctd_misuse(L, op, "\"%s\": %s", name, err.message);
  if (!json_is_object(*target))
    ctd_misuse(L, op, "\"%s\": a JSON object expected", name);
}

void ctd_read_spec(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  if (lua_type(L, index) == LUA_TSTRING)
    read_spec_text(L, index, op, name, target);
  else if (lua_type(L, index) == LUA_TTABLE)
    read_object(L, index, op, name, target);
  else
    ctd_read_failed(L, index, op, name, "table or JSON text");
}

static void extensions_release(void *extensions) {
  ctd_extensions_free(extensions);
}

/* The extension's table is on top, its name below it. */
static void read_extension(lua_State *L, struct ctd_op *op, const char *option, struct ctd_extensions *target) {
  struct ctd_error err = {0};
  size_t size;
  const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : NULL;
  if (!name || lua_type(L, -1) != LUA_TTABLE)
    ctd_misuse(L, op, "\"%s\": {type_url, value} by names expected", option);
  lua_getfield(L, -1, "type_url");
  lua_getfield(L, -2, "value");
  if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
    ctd_misuse(L, op, "\"%s\": {type_url, value} with strings expected for \"%s\"", option, name);
  const char *value = lua_tolstring(L, -1, &size);
  if (ctd_extensions_add(target, name, lua_tostring(L, -2), value, size, &err))
    luaL_error(L, "%s", err.message);
  lua_pop(L, 2);
}

void ctd_read_extensions(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  if (lua_type(L, index) != LUA_TTABLE)
    ctd_read_failed(L, index, op, name, "table");
  ctd_arena_own(L, &op->arena, extensions_release, target);
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1))
    read_extension(L, op, name, target);
}

static void typed_release(void *typed) {
  ctd_typed_free(typed);
}

void ctd_read_runtime_options(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  struct ctd_error err = {0};
  json_t **fields = ctd_arena_allocate(L, &op->arena, sizeof(json_t *));
  read_object(L, index, op, name, fields);
  ctd_arena_own(L, &op->arena, typed_release, target);
  if (ctd_runtime_message_pack(target, *fields, &err))
    ctd_misuse(L, op, "\"%s\": %s", name, err.message);
}

void ctd_read_runtime_fields(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  struct ctd_typed message = {0};
  struct ctd_error err = {0};
  read_object(L, index, op, name, target);
  int result = ctd_runtime_message_pack(&message, *(json_t **)target, &err);
  ctd_typed_free(&message);
  if (result)
    ctd_misuse(L, op, "\"%s\": %s", name, err.message);
}
