/* Snapshots of an image whose files belong to the ids of a user namespace. */
#ifndef CTD_CLIENT_REMAP_H
#define CTD_CLIENT_REMAP_H

#include "client/snapshot.h"

/*
 * Finds on what a container with these maps (client of a lease; as options have them, see oci/id_maps.h) gets its
 * snapshot: *parent, which the caller frees, is the image's snapshot itself where the snapshotter shows files with
 * other owners, which it does by the labels that are added. Else it is a copy that differs in the owners, made unless
 * there is one; for that this process must be allowed to mount.
 */
int ctd_remap_parent(struct ctd_client *client, const char *snapshotter, const char *chain_id, const json_t *uid_maps,
                     const json_t *gid_maps, struct ctd_scope *scope, struct ctd_labels *labels, char **parent,
                     struct ctd_error *err);

#endif
