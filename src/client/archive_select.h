/* What of an image's tree goes into an archive, or is kept of one. */
#ifndef CTD_CLIENT_ARCHIVE_SELECT_H
#define CTD_CLIENT_ARCHIVE_SELECT_H

#include "client/image_tree.h"

/*
 * The children of a node. Of an index those for the platform (NULL: all): with `best` the entries that suit it best,
 * otherwise all that suit it; and the entries that name no platform. Borrowed from the node; the caller frees *out.
 */
int ctd_archive_select(const struct ctd_image_node *node, const struct ctd_platform *platform, bool best,
                       const struct ctd_image_node ***out, size_t *count, struct ctd_error *err);

/* The platform that is meant: the text, NULL: the client's. */
int ctd_archive_platform(const struct ctd_client *client, const char *text, struct ctd_platform *out,
                         struct ctd_error *err);

/* A blob that archives may lack: registries may not hold it either. */
bool ctd_archive_is_optional(const struct ctd_image_node *node);

#endif
