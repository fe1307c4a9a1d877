/* All blobs that an image consists of, and which of them the daemon has. */
#ifndef CTD_CLIENT_IMAGE_TREE_H
#define CTD_CLIENT_IMAGE_TREE_H

#include "client/image.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A blob and what it refers to: an index its manifests, a manifest its config and then its layers. */
struct ctd_image_node {
  struct ctd_descriptor descriptor;
  bool present;             /* the daemon has it */
  int64_t stored;           /* bytes that it has there */
  struct ctd_labels labels; /* that it has there */
  struct ctd_image_node *children;
  size_t child_count; /* of a manifest or index that the daemon doesn't have: 0 */
};

/* Walks the whole tree below `target`, for all platforms. *out is written on success only; the caller frees it. */
int ctd_image_tree_read(struct ctd_client *client, const struct ctd_descriptor *target, struct ctd_scope *scope,
                        struct ctd_image_node *out, struct ctd_error *err);
void ctd_image_node_free(struct ctd_image_node *node);

/* Calls `visit` for the node and everything below it, parents first, until one call fails. */
typedef int (*ctd_image_visit)(void *context, const struct ctd_image_node *node, struct ctd_error *err);
int ctd_image_node_walk(const struct ctd_image_node *node, ctd_image_visit visit, void *context, struct ctd_error *err);

/* Whether it is an image's manifest: one with a config and layers that can be unpacked, no attestation or artifact. */
bool ctd_image_node_is_image(const struct ctd_image_node *node);

/* What a manifest of the tree lacks to be run: its platform, blobs (the nodes that aren't present), and snapshots. */
struct ctd_image_lack {
  const struct ctd_image_node *manifest; /* borrowed from the tree */
  char platform[CTD_PLATFORM_TEXT_SIZE]; /* "" where neither index nor config say */
  char **missing_snapshots;              /* chain ids, lowest first; ended by NULL. NULL: it can't be told */
};
struct ctd_image_check {
  struct ctd_image_node tree;
  struct ctd_image_lack *items; /* one for each manifest */
  size_t count;
};

/* `snapshotter` NULL: the default one. The caller frees *out. */
int ctd_image_check(struct ctd_image *image, const char *snapshotter, struct ctd_scope *scope,
                    struct ctd_image_check *out, struct ctd_error *err);
void ctd_image_check_free(struct ctd_image_check *check);

/* What an image takes up: as containerd's Go client counts it, but each blob and snapshot once. */
struct ctd_image_usage {
  int64_t content, snapshots; /* bytes */
};
struct ctd_image_usage_options {
  /*
   * < 0: all blobs that are there. Otherwise a missing one is CTD_NOT_FOUND, and of an index so many manifests count
   * (0: all), those first that suit the client's platform best.
   */
  int manifest_limit;
  bool manifests; /* sizes as the manifests say, whether or not the daemon has the blobs */
  bool snapshots; /* of all snapshotters, too */
};
int ctd_image_usage(struct ctd_image *image, const struct ctd_image_usage_options *options, struct ctd_scope *scope,
                    struct ctd_image_usage *out, struct ctd_error *err);

#ifdef __cplusplus
}
#endif

#endif
