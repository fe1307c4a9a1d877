#include "client/label_mask.h"
#include "base/buffer.h"
#include <stdlib.h>

int ctd_label_mask_add(Google__Protobuf__FieldMask *mask, char *path, struct ctd_error *err) {
  char **paths = path ? realloc(mask->paths, (mask->n_paths + 1) * sizeof *paths) : NULL;
  if (!paths) {
    free(path);
    return ctd_error_nomem(err);
  }
  paths[mask->n_paths++] = path;
  mask->paths = paths;
  return 0;
}

int ctd_label_mask_make(Google__Protobuf__FieldMask *mask, const struct ctd_labels *labels, struct ctd_error *err) {
  for (size_t i = 0; i < labels->count; i++)
    if (ctd_label_mask_add(mask, ctd_format(err, "labels.%s", labels->items[i].key), err))
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
