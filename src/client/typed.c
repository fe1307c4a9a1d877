#include "client/typed.h"
#include "base/buffer.h"
#include <stdlib.h>
#include <string.h>

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

void ctd_typed_free(struct ctd_typed *typed) {
  free(typed->type_url);
  free(typed->value);
  memset(typed, 0, sizeof *typed);
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
