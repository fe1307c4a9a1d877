#include "client/image_undo.h"

int ctd_image_find(struct ctd_client *client, const char *name, struct ctd_scope *scope, struct ctd_image **out,
                   struct ctd_error *err) {
  *out = NULL;
  if (!ctd_image_get(client, name, scope, out, err))
    return 0;
  if (err->code != CTD_NOT_FOUND)
    return -1;
  ctd_error_clear(err);
  return 0;
}

void ctd_image_undo(struct ctd_client *client, const char *name, const struct ctd_image *before,
                    struct ctd_scope *scope) {
  struct ctd_error ignored = {0};
  struct ctd_image *image = NULL;
  if (before)
    ctd_image_put(client, name, ctd_image_target(before), ctd_image_labels(before), scope, &image, &ignored);
  else
    ctd_image_delete(client, name, false, scope, &ignored);
  ctd_image_unref(image);
  ctd_error_clear(&ignored);
}
