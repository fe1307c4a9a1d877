/* Docker's archives, which have no manifests: making those of their images. */
#ifndef CTD_CLIENT_ARCHIVE_DOCKER_H
#define CTD_CLIENT_ARCHIVE_DOCKER_H

#include "client/archive_files.h"
#include "oci/descriptor.h"

/*
 * Writes a manifest for each image of manifest.json, and an index over them whose entries are annotated with the
 * images' names, as blobs "manifest-<digest>" under the client's lease; byte by byte as containerd's Go client does.
 * For a layer that the daemon has compressed (the label containerd.io/uncompressed says so) the compressed blob is
 * taken. *out is the index's descriptor; the caller frees it. CTD_INVALID_ARGUMENT for what doesn't fit together.
 */
int ctd_archive_docker_index(struct ctd_descriptor *out, struct ctd_client *client,
                             const struct ctd_archive_files *files, struct ctd_scope *scope, struct ctd_error *err);

#endif
