/* Images: a name for a descriptor in the daemon's image store (containerd.services.images.v1). */
#ifndef CTD_CLIENT_IMAGE_H
#define CTD_CLIENT_IMAGE_H

#include "client/client.h"
#include "client/labels.h"
#include "oci/descriptor.h"
#include "oci/image_config.h"
#include "oci/manifest.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An image's record when it was read. Immutable, shared by reference; it keeps its client. */
struct ctd_image;

struct ctd_image *ctd_image_ref(struct ctd_image *image);
void ctd_image_unref(struct ctd_image *image); /* NULL is fine */

/* Borrowed from the image. */
struct ctd_client *ctd_image_client(const struct ctd_image *image);
const char *ctd_image_name(const struct ctd_image *image);
const struct ctd_descriptor *ctd_image_target(const struct ctd_image *image);
const struct ctd_labels *ctd_image_labels(const struct ctd_image *image);
double ctd_image_created(const struct ctd_image *image); /* epoch */
double ctd_image_updated(const struct ctd_image *image);

/* One RPC each; the caller unrefs *out. */
int ctd_image_get(struct ctd_client *client, const char *name, struct ctd_scope *scope, struct ctd_image **out,
                  struct ctd_error *err);

struct ctd_images {
  struct ctd_image **items;
  size_t count;
};
int ctd_image_list(struct ctd_client *client, const char *const *filters, size_t filter_count, struct ctd_scope *scope,
                   struct ctd_images *out, struct ctd_error *err);
void ctd_images_free(struct ctd_images *images);

/* Creates the record, or replaces target and labels of an existing one. */
int ctd_image_put(struct ctd_client *client, const char *name, const struct ctd_descriptor *target,
                  const struct ctd_labels *labels, struct ctd_scope *scope, struct ctd_image **out,
                  struct ctd_error *err);

/* Creates the record; a name that is taken is CTD_ALREADY_EXISTS. The caller unrefs *out. */
int ctd_image_create(struct ctd_client *client, const char *name, const struct ctd_descriptor *target,
                     const struct ctd_labels *labels, struct ctd_scope *scope, struct ctd_image **out,
                     struct ctd_error *err);

/*
 * Another name for what an image names, with its labels. A name that is taken is CTD_ALREADY_EXISTS, unless `force`:
 * then it names this from now on. The caller unrefs *out.
 */
int ctd_image_tag(struct ctd_image *image, const char *name, bool force, struct ctd_scope *scope,
                  struct ctd_image **out, struct ctd_error *err);

/* Sets these labels of the record and leaves its others alone; "" removes one. *out is the record as it is then. */
int ctd_image_set_labels(struct ctd_image *image, const struct ctd_labels *labels, struct ctd_scope *scope,
                         struct ctd_image **out, struct ctd_error *err);

/* One RPC. `sync`: returns when the collector has run. */
int ctd_image_delete(struct ctd_client *client, const char *name, bool sync, struct ctd_scope *scope,
                     struct ctd_error *err);

/* What one platform needs of an image, read from the content store. */
struct ctd_image_content {
  struct ctd_descriptor manifest_descriptor;
  struct ctd_manifest manifest;
  struct ctd_image_config config;
  char *chain_id; /* of all layers: the snapshot's name; NULL for an image without layers */
};
int ctd_image_read(struct ctd_image *image, struct ctd_scope *scope, struct ctd_image_content *out,
                   struct ctd_error *err); /* the client's platform */
int ctd_image_read_for(struct ctd_image *image, const char *platform, struct ctd_scope *scope,
                       struct ctd_image_content *out, struct ctd_error *err); /* NULL: the client's */
void ctd_image_content_free(struct ctd_image_content *content);

/* A manifest's bytes as JSON, kept as they are. The caller drops *out. */
int ctd_image_read_manifest(struct ctd_image *image, const char *platform, struct ctd_scope *scope, json_t **out,
                            struct ctd_error *err);

/* Whether a platform's layers (NULL: the client's) have their snapshots. `snapshotter` NULL: the default one. */
int ctd_image_is_unpacked(struct ctd_image *image, const char *platform, const char *snapshotter,
                          struct ctd_scope *scope, bool *out, struct ctd_error *err);

/*
 * The platforms that the image is for, as `ctr images ls` shows them: sorted, each once, those of an index as it writes
 * them whether or not the daemon has their manifests. The caller frees each string and the array.
 */
int ctd_image_platforms(struct ctd_image *image, struct ctd_scope *scope, char ***out, size_t *count,
                        struct ctd_error *err);

/*
 * The bytes of all blobs that an image is on this host's platform, manifests included, as `ctr images ls` shows. Also
 * like there, *out is what was counted till then if a manifest is missing.
 */
int ctd_image_size(struct ctd_image *image, struct ctd_scope *scope, int64_t *out, struct ctd_error *err);

#ifdef __cplusplus
}
#endif

#endif
