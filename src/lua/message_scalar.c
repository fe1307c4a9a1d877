#include "lua/message_scalar.h"
#include "base/nearest.h"
#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#define NAMES_LIMIT 64

static double read_number(lua_State *L, int index, struct ctd_op *op, const char *name, double low, double high) {
  double number = lua_tonumber(L, index);
  if (lua_type(L, index) != LUA_TNUMBER || !(number >= low && number <= high && number == floor(number)))
    ctd_read_failed(L, index, op, name, "integer in its range");
  return number;
}

/* Exactly, where Lua has integers of 64 bits. */
static int64_t read_integer(lua_State *L, int index, struct ctd_op *op, const char *name) {
  if (lua_type(L, index) == LUA_TNUMBER && ctd_is_integer(L, index))
    return (int64_t)lua_tointeger(L, index);
  return (int64_t)read_number(L, index, op, name, -0x1p63, 0x1p63 - 1024);
}

/* What was pushed as a float may have been rounded up, out of the range. */
static uint64_t read_unsigned(lua_State *L, int index, struct ctd_op *op, const char *name) {
  if (lua_type(L, index) == LUA_TNUMBER && ctd_is_integer(L, index) && lua_tointeger(L, index) >= 0)
    return (uint64_t)lua_tointeger(L, index);
  double number = read_number(L, index, op, name, 0, 0x1p64);
  return number < 0x1p64 ? (uint64_t)number : UINT64_MAX;
}

static double read_float(lua_State *L, int index, struct ctd_op *op, const char *name) {
  if (lua_type(L, index) != LUA_TNUMBER)
    ctd_read_failed(L, index, op, name, "number");
  return lua_tonumber(L, index);
}

const char *ctd_message_push_lower(lua_State *L, const char *name) {
  luaL_Buffer text;
  luaL_buffinit(L, &text);
  for (; *name; name++)
    luaL_addchar(&text, (char)tolower((unsigned char)*name));
  luaL_pushresult(&text);
  return lua_tostring(L, -1);
}

static int enum_unknown(lua_State *L, struct ctd_op *op, const char *name, const ProtobufCEnumDescriptor *type,
                        const char *text) {
  const char *names[NAMES_LIMIT];
  unsigned count = 0;
  luaL_checkstack(L, NAMES_LIMIT, "names");
  for (; count < type->n_values && count < NAMES_LIMIT; count++)
    names[count] = ctd_message_push_lower(L, type->values[count].name);
  const char *nearest = ctd_nearest(text, names, count);
  if (nearest)
    ctd_misuse(L, op, "\"%s\": %s has no value \"%s\" (did you mean \"%s\"?)", name, type->name, text, nearest);
  return ctd_misuse(L, op, "\"%s\": %s has no value \"%s\"", name, type->name, text);
}

/* By its name in lower case (any case will do), or its number. */
static int read_enum(lua_State *L, int index, struct ctd_op *op, const char *name,
                     const ProtobufCEnumDescriptor *type) {
  if (lua_type(L, index) != LUA_TSTRING)
    return (int)read_number(L, index, op, name, INT32_MIN, INT32_MAX);
  const char *text = lua_tostring(L, index);
  for (unsigned i = 0; i < type->n_values; i++)
    if (!strcasecmp(type->values[i].name, text))
      return type->values[i].value;
  return enum_unknown(L, op, name, type, text);
}

void ctd_message_read_bytes(lua_State *L, int index, struct ctd_op *op, const char *name, ProtobufCBinaryData *out) {
  if (lua_type(L, index) != LUA_TSTRING)
    ctd_read_failed(L, index, op, name, "string");
  out->len = ctd_rawlen(L, index);
  out->data = (uint8_t *)ctd_arena_string(L, &op->arena, index);
}

void ctd_message_read_scalar(lua_State *L, int index, struct ctd_op *op, const char *name,
                             const ProtobufCFieldDescriptor *field, void *out) {
  switch (field->type) {
  case PROTOBUF_C_TYPE_INT32:
  case PROTOBUF_C_TYPE_SINT32:
  case PROTOBUF_C_TYPE_SFIXED32:
    *(int32_t *)out = (int32_t)read_number(L, index, op, name, INT32_MIN, INT32_MAX);
    break;
  case PROTOBUF_C_TYPE_INT64:
  case PROTOBUF_C_TYPE_SINT64:
  case PROTOBUF_C_TYPE_SFIXED64:
    *(int64_t *)out = read_integer(L, index, op, name);
    break;
  case PROTOBUF_C_TYPE_UINT32:
  case PROTOBUF_C_TYPE_FIXED32:
    *(uint32_t *)out = (uint32_t)read_number(L, index, op, name, 0, UINT32_MAX);
    break;
  case PROTOBUF_C_TYPE_UINT64:
  case PROTOBUF_C_TYPE_FIXED64:
    *(uint64_t *)out = read_unsigned(L, index, op, name);
    break;
  case PROTOBUF_C_TYPE_FLOAT:
    *(float *)out = (float)read_float(L, index, op, name);
    break;
  case PROTOBUF_C_TYPE_DOUBLE:
    *(double *)out = read_float(L, index, op, name);
    break;
  case PROTOBUF_C_TYPE_BOOL: {
    bool value;
    ctd_read_boolean(L, index, op, name, &value);
    *(protobuf_c_boolean *)out = value;
    break;
  }
  case PROTOBUF_C_TYPE_ENUM:
    *(int *)out = read_enum(L, index, op, name, field->descriptor);
    break;
  case PROTOBUF_C_TYPE_STRING:
    ctd_read_string(L, index, op, name, out);
    break;
  case PROTOBUF_C_TYPE_BYTES:
    ctd_message_read_bytes(L, index, op, name, out);
    break;
  case PROTOBUF_C_TYPE_MESSAGE:
    break;
  }
}
