/* Exporting images to an archive: an OCI layout that Docker can load, too. */
#ifndef CTD_CLIENT_ARCHIVE_EXPORT_H
#define CTD_CLIENT_ARCHIVE_EXPORT_H

#include "client/image.h"
#include "client/sink.h"

#ifdef __cplusplus
extern "C" {
#endif

struct ctd_export_options {
  const char *platform;        /* whose manifests of an index are exported; NULL: the client's */
  bool all_platforms;          /* all are */
  bool skip_docker_manifest;   /* no manifest.json */
  bool skip_missing;           /* manifests that lack blobs go without theirs, missing manifests are left out */
  bool skip_non_distributable; /* layers that registries may not hold are left out */
};

/*
 * Writes blobs, index.json, manifest.json and oci-layout, sorted, as containerd's Go client does: the same images give
 * the same bytes. A blob that the daemon doesn't have is CTD_NOT_FOUND, an index without a manifest for the platform
 * CTD_UNSUPPORTED_PLATFORM, both before anything is written; one with other bytes than its digest says is
 * CTD_DIGEST_MISMATCH.
 */
int ctd_export(struct ctd_client *client, const struct ctd_images *images, const struct ctd_export_options *options,
               const struct ctd_sink *sink, struct ctd_scope *scope, struct ctd_error *err);

#ifdef __cplusplus
}
#endif

#endif
