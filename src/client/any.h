/* The shapes that messages share: labels as maps, timestamps, Any, field masks. */
#ifndef CTD_CLIENT_ANY_H
#define CTD_CLIENT_ANY_H

#include "base/error.h"
#include "google/protobuf/any.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"

/* Labels, sorted by key, each key once. A zeroed struct is empty. */
struct ctd_label {
  char *key, *value; /* owned */
};
struct ctd_labels {
  struct ctd_label *items;
  size_t count;
};

/* Sets a label (copying both), in place of one with the same key. */
int ctd_labels_set(struct ctd_labels *labels, const char *key, const char *value, struct ctd_error *err);
const char *ctd_labels_get(const struct ctd_labels *labels, const char *key);                     /* NULL: absent */
int ctd_labels_copy(struct ctd_labels *to, const struct ctd_labels *from, struct ctd_error *err); /* adds to `to` */
/* Adds the members of an object of strings, such as a descriptor's annotations; NULL has none. */
int ctd_labels_from_json(struct ctd_labels *labels, const json_t *object, struct ctd_error *err);
void ctd_labels_free(struct ctd_labels *labels);

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

#endif
