/* Labels: what users and programs attach to objects of the daemon, and strings by name in general. */
#ifndef CTD_CLIENT_LABELS_H
#define CTD_CLIENT_LABELS_H

#include "base/error.h"
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

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

#ifdef __cplusplus
}
#endif

#endif
