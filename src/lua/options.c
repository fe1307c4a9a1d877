#include "lua/options.h"
#include "base/nearest.h"
#include "client/any.h"
#include "lua/json.h"
#include "lua/op.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char *got(lua_State *L, int index) {
  return lua_isnone(L, index) ? "nothing" : luaL_typename(L, index);
}

bool ctd_is_text(lua_State *L, int index) {
  return lua_type(L, index) == LUA_TSTRING && strlen(lua_tostring(L, index)) == ctd_rawlen(L, index);
}

int ctd_read_failed(lua_State *L, int index, struct ctd_op *op, const char *name, const char *expected) {
  return ctd_misuse(L, op, "\"%s\": %s expected, got %s", name, expected, got(L, index));
}

void ctd_read_string(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  if (lua_type(L, index) != LUA_TSTRING)
    ctd_read_failed(L, index, op, name, "string");
  if (!ctd_is_text(L, index))
    ctd_misuse(L, op, "\"%s\": the string has a zero byte", name);
  *(const char **)target = ctd_arena_string(L, &op->arena, index);
}

void ctd_read_boolean(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  if (lua_type(L, index) != LUA_TBOOLEAN)
    ctd_read_failed(L, index, op, name, "boolean");
  *(bool *)target = lua_toboolean(L, index);
}

void ctd_read_seconds(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  double seconds = lua_tonumber(L, index);
  if (lua_type(L, index) != LUA_TNUMBER || !(seconds >= 0))
    ctd_read_failed(L, index, op, name, "number of seconds");
  *(double *)target = seconds;
}

void ctd_read_number(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  double number = lua_tonumber(L, index);
  if (lua_type(L, index) != LUA_TNUMBER || !(number > 0 && number <= INT_MAX))
    ctd_read_failed(L, index, op, name, "positive number");
  *(double *)target = number;
}

static bool is_whole(double number, double low, double high) {
  return number >= low && number <= high && number == floor(number);
}

void ctd_read_count(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  double number = lua_tonumber(L, index);
  if (lua_type(L, index) != LUA_TNUMBER || !is_whole(number, 1, INT_MAX))
    ctd_read_failed(L, index, op, name, "positive integer");
  *(int *)target = (int)number;
}

void ctd_read_integer(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  double number = lua_tonumber(L, index);
  if (lua_type(L, index) != LUA_TNUMBER || !is_whole(number, -0x1p53, 0x1p53))
    ctd_read_failed(L, index, op, name, "integer");
  *(int64_t *)target = (int64_t)number;
}

/* "512M": a number and one of K, M, G, T, powers of 1024. Negative if it's not that. */
static double size_parse(const char *text) {
  static const char units[] = "KMGT";
  char *end;
  if (*text < '0' || *text > '9')
    return -1;
  double size = strtod(text, &end);
  const char *unit = *end ? strchr(units, *end) : NULL;
  if (unit) {
    size *= (double)(1LL << (10 * (unit - units + 1)));
    end++;
  }
  return *end ? -1 : floor(size);
}

void ctd_read_size(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  double size = -1;
  if (lua_type(L, index) == LUA_TNUMBER)
    size = lua_tonumber(L, index);
  else if (lua_type(L, index) == LUA_TSTRING)
    size = size_parse(lua_tostring(L, index));
  if (!is_whole(size, 0, 0x1p53))
    ctd_read_failed(L, index, op, name, "size (bytes, or \"512M\")");
  *(int64_t *)target = (int64_t)size;
}

static void labels_release(void *labels) {
  ctd_labels_free(labels);
}

void ctd_read_labels(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  struct ctd_error err = {0};
  if (lua_type(L, index) != LUA_TTABLE)
    ctd_read_failed(L, index, op, name, "table of labels");
  ctd_arena_own(L, &op->arena, labels_release, target);
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    if (!ctd_is_text(L, -2) || !ctd_is_text(L, -1))
      ctd_misuse(L, op, "\"%s\": names and values of labels are strings without zero bytes", name);
    if (ctd_labels_set(target, lua_tostring(L, -2), lua_tostring(L, -1), &err))
      luaL_error(L, "%s", err.message);
  }
}

static void json_release(void *slot) {
  json_decref(*(json_t **)slot);
}

void ctd_read_json(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  if (lua_type(L, index) != LUA_TTABLE)
    ctd_read_failed(L, index, op, name, "table");
  ctd_arena_own(L, &op->arena, json_release, target);
  ctd_json_read(L, index, name, op->level, target);
}

/* An empty table is an array too. */
void ctd_read_array(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  json_t **array = target;
  ctd_read_json(L, index, op, name, target);
  if (json_is_object(*array) && !json_object_size(*array)) {
    json_decref(*array);
    *array = json_array();
  }
  if (!json_is_array(*array))
    ctd_misuse(L, op, "\"%s\": array expected, the table has other keys than 1 to n", name);
}

void ctd_read_object(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  ctd_read_json(L, index, op, name, target);
  if (!json_is_object(*(json_t **)target))
    ctd_misuse(L, op, "\"%s\": table by names expected, got an array", name);
}

void ctd_read_named_strings(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  const char *key;
  json_t *value;
  ctd_read_object(L, index, op, name, target);
  json_object_foreach(*(json_t **)target, key, value) {
    if (!json_is_string(value))
      ctd_misuse(L, op, "\"%s\": string expected for \"%s\"", name, key);
  }
}

void ctd_read_function(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  (void)target;
  if (!lua_isfunction(L, index))
    ctd_read_failed(L, index, op, name, "function");
  ctd_method_keep(L, index, name);
}

static bool are_strings(const json_t *array) {
  bool all = true;
  for (size_t i = 0; all && i < json_array_size(array); i++)
    all = json_is_string(json_array_get(array, i));
  return all;
}

/* A string alone is an array of one. */
void ctd_read_strings(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  if (lua_type(L, index) == LUA_TSTRING) {
    lua_createtable(L, 1, 0);
    lua_pushvalue(L, index);
    lua_rawseti(L, -2, 1);
    lua_replace(L, index);
  }
  if (lua_type(L, index) != LUA_TTABLE)
    ctd_read_failed(L, index, op, name, "string or array of strings");
  ctd_read_array(L, index, op, name, target);
  if (!are_strings(*(json_t **)target))
    ctd_misuse(L, op, "\"%s\": string or array of strings expected", name);
}

/* "KEY=value" strings, or a table of strings, in which false removes a name. */
void ctd_read_env(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  const char *key;
  json_t *value;
  ctd_read_json(L, index, op, name, target);
  json_t *env = *(json_t **)target;
  for (size_t i = 0; i < json_array_size(env); i++)
    if (!json_is_string(json_array_get(env, i)))
      ctd_misuse(L, op, "\"env\": array of strings expected, number %d is none", (int)i + 1);
  json_object_foreach(env, key, value) {
    if (!json_is_string(value) && !json_is_false(value))
      ctd_misuse(L, op, "\"env\": string or false expected for \"%s\"", key);
  }
}

/* Where a string may be missing, a table stands for the options. */
static bool argument_is_left_out(lua_State *L, int index, const struct ctd_option *argument) {
  return argument->optional && argument->read == ctd_read_string && lua_type(L, index) == LUA_TTABLE;
}

int ctd_arguments_read(lua_State *L, int index, struct ctd_op *op, const struct ctd_option *arguments, void *request) {
  for (const struct ctd_option *argument = arguments; argument && argument->name; argument++) {
    if (argument_is_left_out(L, index, argument))
      continue;
    if (!argument->optional || !lua_isnoneornil(L, index))
      argument->read(L, index, op, argument->name, (char *)request + argument->offset);
    index++;
  }
  return index;
}

static const struct ctd_option *option_find(const struct ctd_option *options, const char *name) {
  for (; options && options->name; options++)
    if (!strcmp(options->name, name))
      return options;
  return NULL;
}

/* At most this many are compared with a misspelt one; no method has more. */
#define NAMES_LIMIT 96

static void option_unknown(lua_State *L, struct ctd_op *op, const struct ctd_option *options, const char *name,
                           bool common) {
  const char *names[NAMES_LIMIT] = {"timeout", "block"};
  size_t count = common ? 2 : 0;
  for (; options && options->name && count < NAMES_LIMIT; options++)
    names[count++] = options->name;
  const char *nearest = ctd_nearest(name, names, count);
  if (nearest)
    ctd_misuse(L, op, "unknown option \"%s\" (did you mean \"%s\"?)", name, nearest);
  ctd_misuse(L, op, "unknown option \"%s\"", name);
}

static void table_read(lua_State *L, int index, struct ctd_op *op, const struct ctd_option *options, void *target,
                       bool common) {
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    if (!ctd_is_text(L, -2))
      ctd_misuse(L, op, "names of options are strings, one is a %s",
                 lua_type(L, -2) == LUA_TSTRING ? "string with a zero byte" : luaL_typename(L, -2));
    const char *name = lua_tostring(L, -2);
    const struct ctd_option *option = option_find(options, name);
    if (option)
      option->read(L, lua_gettop(L), op, name, (char *)target + option->offset);
    else if (common && !strcmp(name, "timeout"))
      ctd_read_seconds(L, lua_gettop(L), op, name, &op->timeout);
    else if (common && !strcmp(name, "block"))
      ctd_read_boolean(L, lua_gettop(L), op, name, &op->block);
    else
      option_unknown(L, op, options, name, common);
  }
}

void ctd_fields_read(lua_State *L, int index, struct ctd_op *op, const struct ctd_option *fields, void *target) {
  table_read(L, ctd_absindex(L, index), op, fields, target, false);
}

void ctd_options_read(lua_State *L, int index, struct ctd_op *op, const struct ctd_option *options, void *request) {
  if (lua_isnoneornil(L, index))
    return;
  if (lua_type(L, index) != LUA_TTABLE)
    ctd_misuse(L, op, "table of options expected, got %s", luaL_typename(L, index));
  table_read(L, index, op, options, request, true);
}

int ctd_options_take(lua_State *L, struct ctd_op *op) {
  int last = lua_gettop(L);
  if (last >= CTD_METHOD_ARGUMENT && lua_type(L, last) == LUA_TTABLE)
    ctd_options_read(L, last--, op, NULL, NULL);
  return last - CTD_METHOD_ARGUMENT + 1;
}
