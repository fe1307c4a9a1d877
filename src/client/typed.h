/* Typed values (google.protobuf.Any), and a container's extensions, which are such values by name. */
#ifndef CTD_CLIENT_TYPED_H
#define CTD_CLIENT_TYPED_H

#include "base/error.h"
#include "google/protobuf/any.pb-c.h"

/* A zeroed struct is none. */
struct ctd_typed {
  char *type_url; /* owned, as the value */
  uint8_t *value; /* not NULL if there's a type_url */
  size_t size;
};

/* Copies both; *out was empty. */
int ctd_typed_set(struct ctd_typed *out, const char *type_url, const void *value, size_t size, struct ctd_error *err);
int ctd_typed_from_any(struct ctd_typed *out, const Google__Protobuf__Any *any, struct ctd_error *err); /* NULL: none */
void ctd_typed_free(struct ctd_typed *typed);

/* The message, which borrows all. */
Google__Protobuf__Any ctd_typed_any(const struct ctd_typed *typed);

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

/* The map of a container's message: one block for free() (NULL for none), which borrows the strings and values. */
struct Containerd__Services__Containers__V1__Container__ExtensionsEntry;
int ctd_extensions_to_map(const struct ctd_extensions *extensions,
                          struct Containerd__Services__Containers__V1__Container__ExtensionsEntry ***entries,
                          size_t *count, struct ctd_error *err);
int ctd_extensions_from_map(struct ctd_extensions *extensions,
                            struct Containerd__Services__Containers__V1__Container__ExtensionsEntry *const *entries,
                            size_t count, struct ctd_error *err);

#endif
