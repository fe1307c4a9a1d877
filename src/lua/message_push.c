#include "client/message_type.h"
#include "google/protobuf/duration.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "lua/json.h"
#include "lua/message.h"
#include "lua/message_scalar.h"
#include "oci/platform.h"
#include "types.pb-c.h"
#include <string.h>

/* How deep values of Any are decoded in others. */
#define DEPTH_LIMIT 30

/* In seconds since 1970: https://pkg.go.dev/time#Time */
#define GO_ZERO_TIME (-62135596800)

static const char pool_key; /* registry: the metatable of pools */

static void push_message(lua_State *L, const ProtobufCMessage *message, int depth);

static int pool_gc(lua_State *L) {
  ctd_pool_free(lua_touserdata(L, 1));
  return 0;
}

struct ctd_pool *ctd_message_pool(lua_State *L) {
  struct ctd_pool *pool = lua_newuserdata(L, sizeof *pool);
  pool->block = NULL;
  ctd_registry_get(L, &pool_key);
  lua_setmetatable(L, -2);
  return pool;
}

static void push_enum(lua_State *L, const ProtobufCEnumDescriptor *type, int number) {
  const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(type, number);
  if (value)
    ctd_message_push_lower(L, value->name);
  else
    lua_pushinteger(L, number);
}

static void push_string(lua_State *L, const char *string) {
  if (string && *string)
    lua_pushstring(L, string);
  else
    lua_pushnil(L);
}

static void push_bytes(lua_State *L, const ProtobufCBinaryData *bytes) {
  if (bytes->len)
    lua_pushlstring(L, (const char *)bytes->data, bytes->len);
  else
    lua_pushnil(L);
}

static void push_unsigned(lua_State *L, uint64_t number) {
  if (number <= INT64_MAX)
    lua_pushinteger(L, (lua_Integer)number);
  else
    lua_pushnumber(L, (lua_Number)number);
}

/* Pushes nil for what is as good as absent. */
static void push_value(lua_State *L, const ProtobufCFieldDescriptor *field, const void *at, int depth) {
  switch (field->type) {
  case PROTOBUF_C_TYPE_INT32:
  case PROTOBUF_C_TYPE_SINT32:
  case PROTOBUF_C_TYPE_SFIXED32:
    lua_pushinteger(L, *(const int32_t *)at);
    break;
  case PROTOBUF_C_TYPE_INT64:
  case PROTOBUF_C_TYPE_SINT64:
  case PROTOBUF_C_TYPE_SFIXED64:
    lua_pushinteger(L, (lua_Integer)(*(const int64_t *)at));
    break;
  case PROTOBUF_C_TYPE_UINT32:
  case PROTOBUF_C_TYPE_FIXED32:
    push_unsigned(L, *(const uint32_t *)at);
    break;
  case PROTOBUF_C_TYPE_UINT64:
  case PROTOBUF_C_TYPE_FIXED64:
    push_unsigned(L, *(const uint64_t *)at);
    break;
  case PROTOBUF_C_TYPE_FLOAT:
    lua_pushnumber(L, *(const float *)at);
    break;
  case PROTOBUF_C_TYPE_DOUBLE:
    lua_pushnumber(L, *(const double *)at);
    break;
  case PROTOBUF_C_TYPE_BOOL:
    lua_pushboolean(L, *(const protobuf_c_boolean *)at);
    break;
  case PROTOBUF_C_TYPE_ENUM:
    push_enum(L, field->descriptor, *(const int *)at);
    break;
  case PROTOBUF_C_TYPE_STRING:
    push_string(L, *(char *const *)at);
    break;
  case PROTOBUF_C_TYPE_BYTES:
    push_bytes(L, at);
    break;
  case PROTOBUF_C_TYPE_MESSAGE:
    push_message(L, *(ProtobufCMessage *const *)at, depth);
    break;
  }
}

/* As an element of an array or a map, where nil has no place. */
static void push_element(lua_State *L, const ProtobufCFieldDescriptor *field, const void *at, int depth) {
  push_value(L, field, at, depth);
  if (!lua_isnil(L, -1))
    return;
  lua_pop(L, 1);
  if (field->type == PROTOBUF_C_TYPE_MESSAGE)
    lua_newtable(L);
  else
    lua_pushliteral(L, "");
}

static size_t count_of(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field) {
  return *(const size_t *)((const char *)message + field->quantifier_offset);
}

static void push_map(lua_State *L, ProtobufCMessage *const *entries, size_t count, int depth) {
  lua_createtable(L, 0, (int)count);
  for (size_t i = 0; i < count; i++) {
    const ProtobufCFieldDescriptor *fields = entries[i]->descriptor->fields;
    push_element(L, &fields[0], (const char *)entries[i] + fields[0].offset, depth);
    push_element(L, &fields[1], (const char *)entries[i] + fields[1].offset, depth);
    lua_rawset(L, -3);
  }
}

static void push_array(lua_State *L, const ProtobufCFieldDescriptor *field, const char *items, size_t count,
                       int depth) {
  size_t size = ctd_message_element_size(field->type);
  lua_createtable(L, (int)count, 0);
  for (size_t i = 0; i < count; i++) {
    push_element(L, field, items + i * size, depth);
    lua_rawseti(L, -2, (int)i + 1);
  }
}

static bool is_set(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field) {
  const char *quantifier = (const char *)message + field->quantifier_offset;
  if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
    return *(const uint32_t *)quantifier == field->id;
  if (field->label == PROTOBUF_C_LABEL_OPTIONAL && field->quantifier_offset)
    return *(const protobuf_c_boolean *)quantifier;
  return true;
}

static void push_field(lua_State *L, const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                       int depth) {
  const char *member = (const char *)message + field->offset;
  if (ctd_message_field_is_map(message->descriptor, field))
    push_map(L, *(ProtobufCMessage *const *const *)member, count_of(message, field), depth);
  else if (field->label == PROTOBUF_C_LABEL_REPEATED)
    push_array(L, field, *(const char *const *)member, count_of(message, field), depth);
  else if (is_set(message, field))
    push_value(L, field, member, depth);
  else
    lua_pushnil(L);
}

/* A wrapper's value is there, also if it's zero. */
static void push_wrapped(lua_State *L, const ProtobufCMessage *message, int depth) {
  const ProtobufCFieldDescriptor *field = &message->descriptor->fields[0];
  push_element(L, field, (const char *)message + field->offset, depth);
}

static void push_fields(lua_State *L, const ProtobufCMessage *message, int depth) {
  const ProtobufCMessageDescriptor *type = message->descriptor;
  lua_createtable(L, 0, (int)type->n_fields);
  for (unsigned i = 0; i < type->n_fields; i++) {
    push_field(L, message, &type->fields[i], depth);
    lua_setfield(L, -2, type->fields[i].name);
  }
}

static void push_raw_any(lua_State *L, const Google__Protobuf__Any *any) {
  lua_createtable(L, 0, 2);
  lua_pushstring(L, any->type_url);
  lua_setfield(L, -2, "type_url");
  lua_pushlstring(L, (const char *)any->value.data, any->value.len);
  lua_setfield(L, -2, "value");
}

/* As a table in any case: what has a shape of its own becomes {value}. */
static void push_as_table(lua_State *L, const ProtobufCMessage *message, int depth) {
  if (ctd_message_shape(message->descriptor) == CTD_SHAPE_FIELDS) {
    push_fields(L, message, depth);
    return;
  }
  lua_createtable(L, 0, 2);
  push_message(L, message, depth);
  lua_setfield(L, -2, "value");
}

/* Whether the value could be decoded; then it is pushed. */
static bool push_unpacked(lua_State *L, const Google__Protobuf__Any *any, int depth) {
  const ProtobufCMessageDescriptor *type = ctd_message_type_find(any->type_url);
  if (!type || depth == DEPTH_LIMIT)
    return false;
  struct ctd_pool *pool = ctd_message_pool(L);
  int at = lua_gettop(L);
  const ProtobufCMessage *message = ctd_pool_unpack(pool, type, any->value.data, any->value.len);
  if (message)
    push_as_table(L, message, depth + 1);
  ctd_pool_free(pool);
  lua_remove(L, at);
  return lua_gettop(L) == at;
}

static bool push_json(lua_State *L, const Google__Protobuf__Any *any) {
  if (!ctd_message_type_is_json(any->type_url))
    return false;
  json_t **box = ctd_json_box(L);
  int at = lua_gettop(L);
  *box = json_loadb((const char *)any->value.data, any->value.len, 0, NULL);
  if (json_is_object(*box))
    ctd_json_push(L, *box);
  lua_remove(L, at);
  return lua_gettop(L) == at;
}

static void push_any(lua_State *L, const Google__Protobuf__Any *any, bool with_type, int depth) {
  if (!push_unpacked(L, any, depth) && !push_json(L, any)) {
    push_raw_any(L, any);
  } else if (with_type) {
    lua_pushstring(L, any->type_url);
    lua_setfield(L, -2, "@type");
  }
}

/* Go's zero time says that there is none. */
static void push_timestamp(lua_State *L, const Google__Protobuf__Timestamp *timestamp) {
  if (timestamp->seconds == GO_ZERO_TIME && !timestamp->nanos)
    lua_pushnil(L);
  else
    lua_pushnumber(L, (lua_Number)timestamp->seconds + timestamp->nanos / 1e9);
}

static void push_duration(lua_State *L, const Google__Protobuf__Duration *duration) {
  lua_pushnumber(L, (lua_Number)duration->seconds + duration->nanos / 1e9);
}

/* Whether the text, when it's read again, gives the same platform. */
static bool is_told(const char *text, const Containerd__Types__Platform *platform) {
  struct ctd_platform told;
  struct ctd_error err = {0};
  bool parsed = !ctd_platform_parse(&told, text, &err);
  ctd_error_clear(&err);
  return parsed && !*platform->os_version && !strcmp(told.os, platform->os) &&
         !strcmp(told.architecture, platform->architecture) && !strcmp(told.variant, platform->variant);
}

/* One that the text doesn't tell of whole is a table. */
static void push_platform(lua_State *L, const Containerd__Types__Platform *platform, int depth) {
  bool variant = *platform->variant;
  lua_pushfstring(L, variant ? "%s/%s/%s" : "%s/%s", platform->os, platform->architecture, platform->variant);
  if (is_told(lua_tostring(L, -1), platform))
    return;
  lua_pop(L, 1);
  push_fields(L, &platform->base, depth);
}

static void push_message(lua_State *L, const ProtobufCMessage *message, int depth) {
  luaL_checkstack(L, 10, "message");
  if (!message) {
    lua_pushnil(L);
    return;
  }
  switch (ctd_message_shape(message->descriptor)) {
  case CTD_SHAPE_FIELDS:
    push_fields(L, message, depth);
    break;
  case CTD_SHAPE_TIMESTAMP:
    push_timestamp(L, (const Google__Protobuf__Timestamp *)message);
    break;
  case CTD_SHAPE_DURATION:
    push_duration(L, (const Google__Protobuf__Duration *)message);
    break;
  case CTD_SHAPE_ANY:
    push_any(L, (const Google__Protobuf__Any *)message, true, depth);
    break;
  case CTD_SHAPE_PLATFORM:
    push_platform(L, (const Containerd__Types__Platform *)message, depth);
    break;
  case CTD_SHAPE_WRAPPER:
    push_wrapped(L, message, depth);
    break;
  }
}

void ctd_message_push(lua_State *L, const ProtobufCMessage *message) {
  push_message(L, message, 0);
}

void ctd_message_push_any(lua_State *L, const Google__Protobuf__Any *any) {
  luaL_checkstack(L, 10, "message");
  if (any)
    push_any(L, any, false, 0);
  else
    lua_pushnil(L);
}

void ctd_message_push_array(lua_State *L, ProtobufCMessage *const *messages, size_t count) {
  lua_createtable(L, (int)count, 0);
  for (size_t i = 0; i < count; i++) {
    push_message(L, messages[i], 0);
    lua_rawseti(L, -2, (int)i + 1);
  }
}

void ctd_message_open(lua_State *L) {
  lua_newtable(L);
  lua_pushcfunction(L, pool_gc);
  lua_setfield(L, -2, "__gc");
  ctd_registry_set(L, &pool_key);
}
