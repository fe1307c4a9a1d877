#include "client/runtime_message.h"
#include "base/json.h"
#include "base/nearest.h"
#include "runc_options.pb-c.h"
#include "runtime_options.pb-c.h"
#include <stdlib.h>
#include <string.h>

typedef union {
  ProtobufCMessage base;
  Containerd__Runc__V1__Options runc;
  Runtimeoptions__V1__Options file;
} Message;

static const ProtobufCMessageDescriptor *type_for(const json_t *fields) {
  bool file = json_object_get(fields, "type_url") || json_object_get(fields, "config_path") ||
              json_object_get(fields, "config_body");
  return file ? &runtimeoptions__v1__options__descriptor : &containerd__runc__v1__options__descriptor;
}

static int field_unknown(const ProtobufCMessageDescriptor *type, const char *name, struct ctd_error *err) {
  const char *names[16];
  size_t count = 0;
  for (; count < type->n_fields && count < sizeof names / sizeof *names; count++)
    names[count] = type->fields[count].name;
  const char *nearest = ctd_nearest(name, names, count);
  return ctd_error_set(err, CTD_INVALID_ARGUMENT, "unknown field \"%s\"%s%s%s", name,
                       nearest ? " (did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?)" : "");
}

/* The strings are borrowed from the value. */
static int field_set(void *member, const ProtobufCFieldDescriptor *field, const json_t *value, struct ctd_error *err) {
  const char *text = json_string_value(value);
  switch (field->type) {
  case PROTOBUF_C_TYPE_BOOL:
    *(protobuf_c_boolean *)member = json_is_true(value);
    return json_is_boolean(value) ? 0 : ctd_error_set(err, CTD_INVALID_ARGUMENT, "\"%s\": want a boolean", field->name);
  case PROTOBUF_C_TYPE_UINT32:
    *(uint32_t *)member = (uint32_t)json_integer_value(value);
    if (json_is_integer(value) && json_integer_value(value) >= 0 && json_integer_value(value) <= UINT32_MAX)
      return 0;
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "\"%s\": want an id", field->name);
  case PROTOBUF_C_TYPE_BYTES:
    *(ProtobufCBinaryData *)member = (ProtobufCBinaryData){json_string_length(value), (uint8_t *)text};
    break;
  default:
    *(const char **)member = text;
  }
  return text ? 0 : ctd_error_set(err, CTD_INVALID_ARGUMENT, "\"%s\": want a string", field->name);
}

int ctd_runtime_message_pack(struct ctd_typed *out, const json_t *fields, struct ctd_error *err) {
  const ProtobufCMessageDescriptor *type = type_for(fields);
  Message message;
  const char *name;
  json_t *value;
  protobuf_c_message_init(type, &message);
  json_object_foreach((json_t *)fields, name, value) {
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(type, name);
    if (!field)
      return field_unknown(type, name, err);
    if (field_set((char *)&message + field->offset, field, value, err))
      return -1;
  }
  size_t size = protobuf_c_message_get_packed_size(&message.base);
  uint8_t *bytes = malloc(size + 1);
  if (!bytes)
    return ctd_error_nomem(err);
  protobuf_c_message_pack(&message.base, bytes);
  int result = ctd_typed_set(out, type->name, bytes, size, err);
  free(bytes);
  return result;
}

/* JSON null for a field that has its default value; NULL for want of memory. */
static json_t *field_get(const void *member, const ProtobufCFieldDescriptor *field) {
  const ProtobufCBinaryData *bytes = member;
  switch (field->type) {
  case PROTOBUF_C_TYPE_BOOL:
    return *(const protobuf_c_boolean *)member ? json_true() : json_null();
  case PROTOBUF_C_TYPE_UINT32:
    return *(const uint32_t *)member ? json_integer(*(const uint32_t *)member) : json_null();
  case PROTOBUF_C_TYPE_BYTES:
    return bytes->len ? json_stringn_nocheck((const char *)bytes->data, bytes->len) : json_null();
  default:
    return **(char *const *)member ? json_string_nocheck(*(char *const *)member) : json_null();
  }
}

static int fields_get(json_t *out, const ProtobufCMessage *message, struct ctd_error *err) {
  for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
    const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
    json_t *value = field_get((const char *)message + field->offset, field);
    if (!json_is_null(value) && ctd_json_put(out, field->name, value, err))
      return -1;
  }
  return 0;
}

static const ProtobufCMessageDescriptor *type_named(const char *name) {
  if (name && !strcmp(name, containerd__runc__v1__options__descriptor.name))
    return &containerd__runc__v1__options__descriptor;
  if (name && !strcmp(name, runtimeoptions__v1__options__descriptor.name))
    return &runtimeoptions__v1__options__descriptor;
  return NULL;
}

int ctd_runtime_message_unpack(json_t **out, const struct ctd_typed *typed, struct ctd_error *err) {
  const ProtobufCMessageDescriptor *type = type_named(typed->type_url);
  *out = NULL;
  if (!type)
    return 0;
  ProtobufCMessage *message = protobuf_c_message_unpack(type, NULL, typed->size, typed->value);
  if (!message)
    return ctd_error_set(err, CTD_DATA_LOSS, "the runtime's options are no %s", type->name);
  json_t *fields = json_object();
  int result = fields ? fields_get(fields, message, err) : ctd_error_nomem(err);
  protobuf_c_message_free_unpacked(message, NULL);
  if (!result)
    *out = fields;
  else
    json_decref(fields);
  return result;
}
