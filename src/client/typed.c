#include "client/typed.h"
#include "base/buffer.h"
#include "containers.pb-c.h"
#include <stdlib.h>
#include <string.h>

typedef Containerd__Services__Containers__V1__Container__ExtensionsEntry ExtensionEntry;

int ctd_typed_set(struct ctd_typed *out, const char *type_url, const void *value, size_t size, struct ctd_error *err) {
  uint8_t *copy = malloc(size + 1);
  if (!copy)
    return ctd_error_nomem(err);
  if (ctd_copy_string(&out->type_url, type_url, err)) {
    free(copy);
    return -1;
  }
  if (size)
    memcpy(copy, value, size);
  out->value = copy;
  out->size = size;
  return 0;
}

int ctd_typed_from_any(struct ctd_typed *out, const Google__Protobuf__Any *any, struct ctd_error *err) {
  return any ? ctd_typed_set(out, any->type_url, any->value.data, any->value.len, err) : 0;
}

void ctd_typed_free(struct ctd_typed *typed) {
  free(typed->type_url);
  free(typed->value);
  memset(typed, 0, sizeof *typed);
}

Google__Protobuf__Any ctd_typed_any(const struct ctd_typed *typed) {
  Google__Protobuf__Any any = GOOGLE__PROTOBUF__ANY__INIT;
  any.type_url = typed->type_url;
  any.value = (ProtobufCBinaryData){typed->size, typed->value};
  return any;
}

int ctd_extensions_add(struct ctd_extensions *extensions, const char *name, const char *type_url, const void *value,
                       size_t size, struct ctd_error *err) {
  struct ctd_extension extension = {0};
  struct ctd_extension *items = realloc(extensions->items, (extensions->count + 1) * sizeof *items);
  if (!items)
    return ctd_error_nomem(err);
  extensions->items = items;
  if (ctd_typed_set(&extension.value, type_url, value, size, err) || ctd_copy_string(&extension.name, name, err)) {
    ctd_typed_free(&extension.value);
    return -1;
  }
  items[extensions->count++] = extension;
  return 0;
}

void ctd_extensions_free(struct ctd_extensions *extensions) {
  for (size_t i = 0; i < extensions->count; i++) {
    free(extensions->items[i].name);
    ctd_typed_free(&extensions->items[i].value);
  }
  free(extensions->items);
  memset(extensions, 0, sizeof *extensions);
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
