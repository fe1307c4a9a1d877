#include "base/nearest.h"
#include "client/message_type.h"
#include "google/protobuf/duration.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "lua/json.h"
#include "lua/message.h"
#include "lua/message_scalar.h"
#include "oci/platform.h"
#include "types.pb-c.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_LIMIT 100
#define NAMES_LIMIT 64

/* Where the reading is. Names of places ("event.rootfs[1]") stand on the Lua stack while they are read. */
struct reader {
  lua_State *L;
  struct ctd_op *op;
  int depth;
};

static ProtobufCMessage *read_message(struct reader *reader, int index, const char *name,
                                      const ProtobufCMessageDescriptor *type);

static void *allocate(struct reader *reader, size_t size) {
  return ctd_arena_allocate(reader->L, &reader->op->arena, size);
}

static void check_table(struct reader *reader, int index, const char *name) {
  if (lua_type(reader->L, index) != LUA_TTABLE)
    ctd_read_failed(reader->L, index, reader->op, name, "table");
}

static void read_value(struct reader *reader, int index, const char *name, const ProtobufCFieldDescriptor *field,
                       void *out) {
  if (field->type == PROTOBUF_C_TYPE_MESSAGE)
    *(ProtobufCMessage **)out = read_message(reader, index, name, field->descriptor);
  else
    ctd_message_read_scalar(reader->L, index, reader->op, name, field, out);
}

static void set_items(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, void *items, size_t count) {
  *(void **)((char *)message + field->offset) = items;
  *(size_t *)((char *)message + field->quantifier_offset) = count;
}

static void read_array(struct reader *reader, int index, const char *name, const ProtobufCFieldDescriptor *field,
                       ProtobufCMessage *message) {
  lua_State *L = reader->L;
  size_t count = ctd_rawlen(L, index), size = ctd_message_element_size(field->type);
  char *items = allocate(reader, count * size + 1);
  for (size_t i = 0; i < count; i++) {
    const char *place = lua_pushfstring(L, "%s[%d]", name, (int)i + 1);
    lua_rawgeti(L, index, (int)i + 1);
    read_value(reader, lua_gettop(L), place, field, items + i * size);
    lua_pop(L, 2);
  }
  set_items(message, field, items, count);
}

static size_t count_keys(lua_State *L, int index) {
  size_t count = 0;
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1))
    count++;
  return count;
}

static void read_map(struct reader *reader, int index, const char *name, const ProtobufCFieldDescriptor *field,
                     ProtobufCMessage *message) {
  lua_State *L = reader->L;
  const ProtobufCMessageDescriptor *type = field->descriptor;
  size_t count = count_keys(L, index), i = 0;
  ProtobufCMessage **entries = allocate(reader, count * sizeof(ProtobufCMessage *) + 1);
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 2)) {
    int key = lua_gettop(L) - 1;
    const char *place = lua_pushfstring(L, "%s.%s", name, lua_type(L, key) == LUA_TSTRING ? lua_tostring(L, key) : "?");
    entries[i] = allocate(reader, type->sizeof_message);
    protobuf_c_message_init(type, entries[i]);
    read_value(reader, key, place, &type->fields[0], (char *)entries[i] + type->fields[0].offset);
    read_value(reader, key + 1, place, &type->fields[1], (char *)entries[i] + type->fields[1].offset);
    i++;
  }
  set_items(message, field, entries, count);
}

static void read_field(struct reader *reader, int index, const char *name, const ProtobufCFieldDescriptor *field,
                       ProtobufCMessage *message) {
  char *quantifier = (char *)message + field->quantifier_offset;
  if (field->label == PROTOBUF_C_LABEL_REPEATED) {
    check_table(reader, index, name);
    if (ctd_message_field_is_map(message->descriptor, field))
      read_map(reader, index, name, field, message);
    else
      read_array(reader, index, name, field, message);
    return;
  }
  read_value(reader, index, name, field, (char *)message + field->offset);
  if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
    *(uint32_t *)quantifier = field->id;
  else if (field->label == PROTOBUF_C_LABEL_OPTIONAL && field->quantifier_offset)
    *(protobuf_c_boolean *)quantifier = true;
}

static void field_unknown(struct reader *reader, const char *place, const char *name,
                          const ProtobufCMessageDescriptor *type) {
  const char *names[NAMES_LIMIT];
  size_t count = 0;
  for (; count < type->n_fields && count < NAMES_LIMIT; count++)
    names[count] = type->fields[count].name;
  const char *nearest = ctd_nearest(name, names, count);
  if (nearest)
    ctd_misuse(reader->L, reader->op, "\"%s\": %s has no such field (did you mean \"%s\"?)", place, type->name,
               nearest);
  ctd_misuse(reader->L, reader->op, "\"%s\": %s has no such field", place, type->name);
}

/* "@type" is read by who looks for it. */
static void read_fields(struct reader *reader, int index, const char *name, ProtobufCMessage *message) {
  lua_State *L = reader->L;
  check_table(reader, index, name);
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 2)) {
    int key = lua_gettop(L) - 1;
    if (lua_type(L, key) != LUA_TSTRING)
      ctd_misuse(L, reader->op, "\"%s\": names of fields are strings, one is a %s", name, luaL_typename(L, key));
    const char *place = lua_pushfstring(L, "%s.%s", name, lua_tostring(L, key));
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, lua_tostring(L, key));
    if (field)
      read_field(reader, key + 1, place, field, message);
    else if (strcmp(lua_tostring(L, key), "@type") != 0)
      field_unknown(reader, place, lua_tostring(L, key), message->descriptor);
  }
}

static void read_packed_message(struct reader *reader, int index, const char *name,
                                const ProtobufCMessageDescriptor *type, ProtobufCBinaryData *out) {
  const ProtobufCMessage *message = read_message(reader, index, name, type);
  out->len = protobuf_c_message_get_packed_size(message);
  out->data = allocate(reader, out->len + 1);
  protobuf_c_message_pack(message, out->data);
}

static void release_text(void *slot) {
  free(*(char **)slot);
}

static void read_json(struct reader *reader, int index, const char *name, ProtobufCBinaryData *out) {
  json_t **value = allocate(reader, sizeof(json_t *));
  char **text = allocate(reader, sizeof(char *));
  ctd_arena_own(reader->L, &reader->op->arena, release_text, text);
  ctd_read_json(reader->L, index, reader->op, name, value);
  json_object_del(*value, "@type");
  *text = json_dumps(*value, JSON_COMPACT);
  if (*text)
    *out = (ProtobufCBinaryData){strlen(*text), (uint8_t *)*text};
  else
    luaL_error(reader->L, "not enough memory");
}

static void read_packed(struct reader *reader, int index, const char *name, const char *type_url,
                        ProtobufCBinaryData *out) {
  const ProtobufCMessageDescriptor *type = ctd_message_type_find(type_url);
  if (lua_type(reader->L, index) == LUA_TSTRING)
    ctd_message_read_bytes(reader->L, index, reader->op, name, out);
  else if (ctd_message_type_is_json(type_url))
    read_json(reader, index, name, out);
  else if (type)
    read_packed_message(reader, index, name, type, out);
  else
    ctd_misuse(reader->L, reader->op, "\"%s\": the type %s is unknown here: its value can only be a string of bytes",
               name, type_url);
}

/* Pushes table[key]; the string there, NULL if it's none. */
static const char *push_text(lua_State *L, int index, const char *key) {
  lua_getfield(L, index, key);
  return lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
}

/* The table at `index`, which says its type itself; what has a shape of its own is its `value`, at `value`. */
static void read_typed(struct reader *reader, int index, int value, const char *name, const char *type_url,
                       ProtobufCBinaryData *out) {
  const ProtobufCMessageDescriptor *type = ctd_message_type_find(type_url);
  if (!type || ctd_message_shape(type) == CTD_SHAPE_FIELDS)
    read_packed(reader, index, name, type_url, out);
  else if (!lua_isnil(reader->L, value))
    read_packed_message(reader, value, name, type, out);
}

/* {type_url, value}, {["@type"], fields…}, or {["@type"], value} */
static void read_any(struct reader *reader, int index, const char *name, Google__Protobuf__Any *any) {
  lua_State *L = reader->L;
  check_table(reader, index, name);
  int top = lua_gettop(L);
  const char *type = push_text(L, index, "@type"), *type_url = push_text(L, index, "type_url");
  lua_getfield(L, index, "value");
  if (!type && !type_url)
    ctd_misuse(L, reader->op, "\"%s\": the type is missing: \"type_url\" beside \"value\", or \"@type\"", name);
  any->type_url = (char *)ctd_arena_string(L, &reader->op->arena, type ? top + 1 : top + 2);
  if (type)
    read_typed(reader, index, top + 3, name, type, &any->value);
  else if (!lua_isnil(L, -1))
    read_packed(reader, top + 3, name, type_url, &any->value);
  lua_settop(L, top);
}

static void read_seconds(struct reader *reader, int index, const char *name, int64_t *seconds, int32_t *nanos) {
  double value = lua_tonumber(reader->L, index), whole = floor(value);
  if (lua_type(reader->L, index) != LUA_TNUMBER || !(value > -0x1p53 && value < 0x1p53))
    ctd_read_failed(reader->L, index, reader->op, name, "number of seconds");
  *seconds = (int64_t)whole;
  *nanos = (int32_t)((value - whole) * 1e9);
}

/* Durations have seconds and nanoseconds of the same sign. */
static void read_duration(struct reader *reader, int index, const char *name, Google__Protobuf__Duration *duration) {
  read_seconds(reader, index, name, &duration->seconds, &duration->nanos);
  if (duration->seconds < 0 && duration->nanos) {
    duration->seconds++;
    duration->nanos -= 1000000000;
  }
}

static char *copy(struct reader *reader, const char *text) {
  lua_pushstring(reader->L, text);
  char *string = (char *)ctd_arena_string(reader->L, &reader->op->arena, -1);
  lua_pop(reader->L, 1);
  return string;
}

/* A text or the fields. */
static void read_platform(struct reader *reader, int index, const char *name, Containerd__Types__Platform *out) {
  struct ctd_platform platform;
  struct ctd_error err = {0};
  const char *text;
  if (lua_type(reader->L, index) == LUA_TTABLE) {
    read_fields(reader, index, name, &out->base);
    return;
  }
  ctd_read_string(reader->L, index, reader->op, name, &text);
  if (ctd_platform_parse(&platform, text, &err))
    ctd_misuse(reader->L, reader->op, "\"%s\": %s", name, err.message);
  out->os = copy(reader, platform.os);
  out->architecture = copy(reader, platform.architecture);
  out->variant = copy(reader, platform.variant);
}

static void read_timestamp(struct reader *reader, int index, const char *name, Google__Protobuf__Timestamp *timestamp) {
  read_seconds(reader, index, name, &timestamp->seconds, &timestamp->nanos);
}

static void read_shape(struct reader *reader, int index, const char *name, ProtobufCMessage *message) {
  const ProtobufCFieldDescriptor *first = message->descriptor->fields;
  switch (ctd_message_shape(message->descriptor)) {
  case CTD_SHAPE_FIELDS:
    read_fields(reader, index, name, message);
    break;
  case CTD_SHAPE_TIMESTAMP:
    read_timestamp(reader, index, name, (Google__Protobuf__Timestamp *)message);
    break;
  case CTD_SHAPE_DURATION:
    read_duration(reader, index, name, (Google__Protobuf__Duration *)message);
    break;
  case CTD_SHAPE_ANY:
    read_any(reader, index, name, (Google__Protobuf__Any *)message);
    break;
  case CTD_SHAPE_PLATFORM:
    read_platform(reader, index, name, (Containerd__Types__Platform *)message);
    break;
  case CTD_SHAPE_WRAPPER:
    read_value(reader, index, name, first, (char *)message + first->offset);
    break;
  }
}

static ProtobufCMessage *read_message(struct reader *reader, int index, const char *name,
                                      const ProtobufCMessageDescriptor *type) {
  ProtobufCMessage *message = allocate(reader, type->sizeof_message);
  protobuf_c_message_init(type, message);
  luaL_checkstack(reader->L, 10, "message");
  if (++reader->depth > DEPTH_LIMIT)
    ctd_misuse(reader->L, reader->op, "\"%s\" is nested deeper than %d levels", name, DEPTH_LIMIT);
  read_shape(reader, index, name, message);
  reader->depth--;
  return message;
}

ProtobufCMessage *ctd_message_read(lua_State *L, int index, struct ctd_op *op, const char *name,
                                   const ProtobufCMessageDescriptor *type) {
  struct reader reader = {L, op, 0};
  return read_message(&reader, ctd_absindex(L, index), name, type);
}

void ctd_message_read_field(lua_State *L, int index, struct ctd_op *op, const char *name, ProtobufCMessage *message,
                            const char *field) {
  struct reader reader = {L, op, 0};
  read_field(&reader, ctd_absindex(L, index), name,
             protobuf_c_message_descriptor_get_field_by_name(message->descriptor, field), message);
}

void ctd_message_read_option(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  ctd_message_read_field(L, index, op, name, target, name);
}

/* What couldn't be decoded came as {type_url, value}. */
static bool is_any(lua_State *L, int index) {
  if (lua_type(L, index) != LUA_TTABLE)
    return false;
  bool any = push_text(L, index, "type_url") != NULL;
  lua_pop(L, 1);
  return any;
}

Google__Protobuf__Any *ctd_message_read_any(lua_State *L, int index, struct ctd_op *op, const char *name,
                                            const char *type_url) {
  struct reader reader = {L, op, 0};
  index = ctd_absindex(L, index);
  if (is_any(L, index))
    return (Google__Protobuf__Any *)read_message(&reader, index, name, &google__protobuf__any__descriptor);
  Google__Protobuf__Any *any = allocate(&reader, sizeof *any);
  google__protobuf__any__init(any);
  any->type_url = (char *)type_url;
  read_packed(&reader, index, name, type_url, &any->value);
  return any;
}
