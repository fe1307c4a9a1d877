#include "client/any.h"
#include "containers.pb-c.h"
#include <stdlib.h>
#include <string.h>

typedef Containerd__Services__Containers__V1__Container__ExtensionsEntry ExtensionEntry;

/* How protobuf-c lays out the entries of every map<string, string>. */
struct map_entry {
  ProtobufCMessage base;
  char *key, *value;
};

/* One block: the array of pointers, then the entries. */
int ctd_map_from_labels(const struct ctd_labels *labels, const ProtobufCMessageDescriptor *entry_type, void *entries,
                        size_t *count, struct ctd_error *err) {
  struct map_entry **pointers = NULL;
  if (labels->count) {
    pointers = calloc(labels->count, sizeof(struct map_entry *) + sizeof(struct map_entry));
    if (!pointers)
      return ctd_error_nomem(err);
    struct map_entry *block = (struct map_entry *)(pointers + labels->count);
    for (size_t i = 0; i < labels->count; i++) {
      pointers[i] = block + i;
      protobuf_c_message_init(entry_type, &block[i]);
      block[i].key = labels->items[i].key;
      block[i].value = labels->items[i].value;
    }
  }
  memcpy(entries, &pointers, sizeof pointers);
  *count = labels->count;
  return 0;
}

int ctd_labels_from_map(struct ctd_labels *labels, void *entries, size_t count, struct ctd_error *err) {
  struct map_entry **pointers = entries;
  for (size_t i = 0; i < count; i++)
    if (ctd_labels_set(labels, pointers[i]->key, pointers[i]->value, err))
      return -1;
  return 0;
}

double ctd_timestamp_seconds(const Google__Protobuf__Timestamp *timestamp) {
  if (!timestamp || timestamp->seconds < 0)
    return 0;
  return (double)timestamp->seconds + timestamp->nanos / 1e9;
}

int ctd_typed_from_any(struct ctd_typed *out, const Google__Protobuf__Any *any, struct ctd_error *err) {
  return any ? ctd_typed_set(out, any->type_url, any->value.data, any->value.len, err) : 0;
}

Google__Protobuf__Any ctd_typed_any(const struct ctd_typed *typed) {
  Google__Protobuf__Any any = GOOGLE__PROTOBUF__ANY__INIT;
  any.type_url = typed->type_url;
  any.value = (ProtobufCBinaryData){typed->size, typed->value};
  return any;
}

int ctd_extensions_to_map(const struct ctd_extensions *extensions, ExtensionEntry ***entries, size_t *count,
                          struct ctd_error *err) {
  size_t n = extensions->count;
  struct {
    ExtensionEntry entry;
    Google__Protobuf__Any value;
  } * block;
  *entries = NULL;
  *count = n;
  if (!n)
    return 0;
  *entries = calloc(n, sizeof(ExtensionEntry *) + sizeof *block);
  if (!*entries)
    return ctd_error_nomem(err);
  block = (void *)(*entries + n);
  for (size_t i = 0; i < n; i++) {
    containerd__services__containers__v1__container__extensions_entry__init(&block[i].entry);
    block[i].value = ctd_typed_any(&extensions->items[i].value);
    block[i].entry.key = extensions->items[i].name;
    block[i].entry.value = &block[i].value;
    (*entries)[i] = &block[i].entry;
  }
  return 0;
}

int ctd_extensions_from_map(struct ctd_extensions *extensions, ExtensionEntry *const *entries, size_t count,
                            struct ctd_error *err) {
  static const Google__Protobuf__Any none = GOOGLE__PROTOBUF__ANY__INIT;
  for (size_t i = 0; i < count; i++) {
    const Google__Protobuf__Any *value = entries[i]->value ? entries[i]->value : &none;
    if (ctd_extensions_add(extensions, entries[i]->key, value->type_url, value->value.data, value->value.len, err))
      return -1;
  }
  return 0;
}
