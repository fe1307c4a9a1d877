/* Undoing what became of an image's name, for operations that fail after they have given it another target. */
#ifndef CTD_CLIENT_IMAGE_UNDO_H
#define CTD_CLIENT_IMAGE_UNDO_H

#include "client/image.h"

/* What has the name now; *out NULL: nothing. The caller unrefs it. */
int ctd_image_find(struct ctd_client *client, const char *name, struct ctd_scope *scope, struct ctd_image **out,
                   struct ctd_error *err);

/* The name has again the target and labels that `before` has; NULL: there is no image of that name. Best effort. */
void ctd_image_undo(struct ctd_client *client, const char *name, const struct ctd_image *before,
                    struct ctd_scope *scope);

#endif
