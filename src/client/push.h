/* Pushing an image from the daemon to a registry. */
#ifndef CTD_CLIENT_PUSH_H
#define CTD_CLIENT_PUSH_H

#include "client/pull.h"

#ifdef __cplusplus
extern "C" {
#endif

struct ctd_push_options {
  const char *platform; /* pushes the manifest for it alone; NULL: everything that the image has */
  int max_concurrent;   /* blobs pushed at once; 0: 3 */
  int64_t chunk_size;   /* bytes of a blob in one request; 0: all */
  struct ctd_registry_options registry;
  struct ctd_progress_listener listener;
};

/*
 * Pushes the image under `reference` (normalised here): its blobs, then its manifests, then its indexes, each after
 * what it refers to. What the registry has isn't sent; what it has in another repository is mounted from there. A blob
 * that the daemon doesn't have is CTD_FAILED_PRECONDITION before anything is sent, but for layers that registries may
 * not hold, which aren't pushed. *out is the descriptor of what was pushed; the caller frees it.
 */
int ctd_push(struct ctd_client *client, const char *reference, struct ctd_image *image,
             const struct ctd_push_options *options, struct ctd_scope *scope, struct ctd_descriptor *out,
             struct ctd_error *err);

#ifdef __cplusplus
}
#endif

#endif
