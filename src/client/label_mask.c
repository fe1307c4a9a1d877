#include "client/label_mask.h"
#include "base/buffer.h"
#include <stdlib.h>

int ctd_label_mask_make(Google__Protobuf__FieldMask *mask, const struct ctd_labels *labels, struct ctd_error *err) {
  mask->paths = calloc(labels->count + 1, sizeof *mask->paths);
  if (!mask->paths)
    return ctd_error_nomem(err);
  for (mask->n_paths = 0; mask->n_paths < labels->count; mask->n_paths++)
    if (!(mask->paths[mask->n_paths] = ctd_format(err, "labels.%s", labels->items[mask->n_paths].key)))
      return -1;
  return 0;
}

void ctd_label_mask_free(Google__Protobuf__FieldMask *mask) {
  for (size_t i = 0; i < mask->n_paths; i++)
    free(mask->paths[i]);
  free(mask->paths);
  mask->paths = NULL;
  mask->n_paths = 0;
}
