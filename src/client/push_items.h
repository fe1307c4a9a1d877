/* What a push consists of, in the order in which it's sent. */
#ifndef CTD_CLIENT_PUSH_ITEMS_H
#define CTD_CLIENT_PUSH_ITEMS_H

#include "client/image_tree.h"

struct ctd_push_item {
  const struct ctd_image_node *node; /* borrowed from the tree */
  char *mount;                       /* owned: the repository from which it may be mounted, or NULL */
};

/* Each blob once; manifests after all that they refer to, the root last. */
struct ctd_push_items {
  struct ctd_push_item *blobs, *manifests;
  size_t blob_count, manifest_count;
};

/*
 * For a push to `domain`/`repository`. Where else in the domain a blob is, its labels containerd.io/distribution.source
 * or those of its manifest say. The caller frees *out.
 */
int ctd_push_items_make(struct ctd_push_items *out, const struct ctd_image_node *tree, const char *domain,
                        const char *repository, struct ctd_error *err);
void ctd_push_items_free(struct ctd_push_items *items);

/* The repositories that are mounted from, each once, ended by NULL; borrowed, the caller frees the array. */
int ctd_push_items_mounts(const struct ctd_push_items *items, const char ***out, struct ctd_error *err);

#endif
