/* Typed values (google.protobuf.Any), and a container's extensions, which are such values by name. */
#ifndef CTD_CLIENT_TYPED_H
#define CTD_CLIENT_TYPED_H

#include "base/error.h"
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A zeroed struct is none. */
struct ctd_typed {
  char *type_url; /* owned, as the value */
  uint8_t *value; /* not NULL if there's a type_url */
  size_t size;
};

/* Copies both; *out was empty. */
int ctd_typed_set(struct ctd_typed *out, const char *type_url, const void *value, size_t size, struct ctd_error *err);
void ctd_typed_free(struct ctd_typed *typed);

struct ctd_extension {
  char *name; /* owned */
  struct ctd_typed value;
};
struct ctd_extensions {
  struct ctd_extension *items;
  size_t count;
};

/* Adds an extension, whose name must be a new one. Copies all. */
int ctd_extensions_add(struct ctd_extensions *extensions, const char *name, const char *type_url, const void *value,
                       size_t size, struct ctd_error *err);
void ctd_extensions_free(struct ctd_extensions *extensions);

#ifdef __cplusplus
}
#endif

#endif
