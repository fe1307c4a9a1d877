/* The field mask of a request that changes some fields or labels and leaves the others alone. */
#ifndef CTD_CLIENT_LABEL_MASK_H
#define CTD_CLIENT_LABEL_MASK_H

#include "client/labels.h"
#include "google/protobuf/field_mask.pb-c.h"

/* Makes the (initialised) mask name each of the labels: "labels.<key>". The caller frees it, also after a failure. */
int ctd_label_mask_make(Google__Protobuf__FieldMask *mask, const struct ctd_labels *labels, struct ctd_error *err);
void ctd_label_mask_free(Google__Protobuf__FieldMask *mask);

/* Adds a path to the mask, which takes it over, also on failure. `path` NULL: memory was short when it was made. */
int ctd_label_mask_add(Google__Protobuf__FieldMask *mask, char *path, struct ctd_error *err);

#endif
