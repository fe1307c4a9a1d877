#include "client/message_type.h"
#include <message_types.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define JSON_TYPES "types.containerd.io/"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static size_t type_count;

static int compare_types(const void *a, const void *b) {
  return strcmp((*(const ProtobufCMessageDescriptor *const *)a)->name,
                (*(const ProtobufCMessageDescriptor *const *)b)->name);
}

static void sort_types(void) {
  while (message_types[type_count])
    type_count++;
  qsort(message_types, type_count, sizeof(void *), compare_types);
}

const ProtobufCMessageDescriptor *ctd_message_type_find(const char *type_url) {
  const char *slash = strrchr(type_url, '/');
  const ProtobufCMessageDescriptor wanted = {.name = slash ? slash + 1 : type_url}, *key = &wanted;
  if (ctd_message_type_is_json(type_url))
    return NULL;
  pthread_once(&once, sort_types);
  const ProtobufCMessageDescriptor **found = bsearch(&key, message_types, type_count, sizeof(void *), compare_types);
  return found ? *found : NULL;
}

bool ctd_message_type_is_json(const char *type_url) {
  return !strncmp(type_url, JSON_TYPES, strlen(JSON_TYPES));
}

static bool is_wrapper(const ProtobufCMessageDescriptor *type) {
  size_t length = strlen(type->short_name);
  return !strcmp(type->package_name, "google.protobuf") && type->n_fields == 1 && length > 5 &&
         !strcmp(type->short_name + length - 5, "Value");
}

enum ctd_message_shape ctd_message_shape(const ProtobufCMessageDescriptor *type) {
  if (type == &google__protobuf__timestamp__descriptor)
    return CTD_SHAPE_TIMESTAMP;
  if (type == &google__protobuf__duration__descriptor)
    return CTD_SHAPE_DURATION;
  if (type == &google__protobuf__any__descriptor)
    return CTD_SHAPE_ANY;
  if (type == &containerd__types__platform__descriptor)
    return CTD_SHAPE_PLATFORM;
  return is_wrapper(type) ? CTD_SHAPE_WRAPPER : CTD_SHAPE_FIELDS;
}

/* The compiler makes a type of its own for a map's entries, inside the message: <Message>.<Field>Entry. */
bool ctd_message_field_is_map(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field) {
  const ProtobufCMessageDescriptor *entry = field->descriptor;
  if (field->label != PROTOBUF_C_LABEL_REPEATED || field->type != PROTOBUF_C_TYPE_MESSAGE || entry->n_fields != 2)
    return false;
  size_t outer = strlen(type->name), length = strlen(entry->name);
  return !strncmp(entry->name, type->name, outer) && entry->name[outer] == '.' && length > outer + 6 &&
         !strcmp(entry->name + length - 5, "Entry") && !strcmp(entry->fields[0].name, "key") &&
         !strcmp(entry->fields[1].name, "value");
}

size_t ctd_message_element_size(ProtobufCType type) {
  switch (type) {
  case PROTOBUF_C_TYPE_INT64:
  case PROTOBUF_C_TYPE_SINT64:
  case PROTOBUF_C_TYPE_SFIXED64:
  case PROTOBUF_C_TYPE_UINT64:
  case PROTOBUF_C_TYPE_FIXED64:
  case PROTOBUF_C_TYPE_DOUBLE:
    return sizeof(int64_t);
  case PROTOBUF_C_TYPE_BOOL:
    return sizeof(protobuf_c_boolean);
  case PROTOBUF_C_TYPE_STRING:
  case PROTOBUF_C_TYPE_MESSAGE:
    return sizeof(void *);
  case PROTOBUF_C_TYPE_BYTES:
    return sizeof(ProtobufCBinaryData);
  default:
    return sizeof(int32_t);
  }
}
