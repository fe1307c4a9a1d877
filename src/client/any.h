/* The shapes that messages share: labels as maps, timestamps, Any. */
#ifndef CTD_CLIENT_ANY_H
#define CTD_CLIENT_ANY_H

#include "client/labels.h"
#include "client/typed.h"
#include "google/protobuf/any.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"

/*
 * Every map<string, string> entry has the same layout in protobuf-c, and each message type only its own name for it:
 * these convert between labels and any of them. `entries` is the address of a request's array, which is freed with
 * free() and whose strings are borrowed from the labels; or the array of an answer.
 */
int ctd_map_from_labels(const struct ctd_labels *labels, const ProtobufCMessageDescriptor *entry_type, void *entries,
                        size_t *count, struct ctd_error *err);
int ctd_labels_from_map(struct ctd_labels *labels, void *entries, size_t count, struct ctd_error *err);

/* Seconds since 1970; 0 for NULL and for Go's zero time. */
double ctd_timestamp_seconds(const Google__Protobuf__Timestamp *timestamp);

/* Copies the message; NULL has none. *out was empty. */
int ctd_typed_from_any(struct ctd_typed *out, const Google__Protobuf__Any *any, struct ctd_error *err);

/* The message, which borrows all. */
Google__Protobuf__Any ctd_typed_any(const struct ctd_typed *typed);

/* The map of a container's message: one block for free() (NULL for none), which borrows the strings and values. */
struct Containerd__Services__Containers__V1__Container__ExtensionsEntry;
int ctd_extensions_to_map(const struct ctd_extensions *extensions,
                          struct Containerd__Services__Containers__V1__Container__ExtensionsEntry ***entries,
                          size_t *count, struct ctd_error *err);
int ctd_extensions_from_map(struct ctd_extensions *extensions,
                            struct Containerd__Services__Containers__V1__Container__ExtensionsEntry *const *entries,
                            size_t count, struct ctd_error *err);

#endif
