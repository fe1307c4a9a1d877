/* Unpacking layers into snapshots, lowest first (facts of the result: chain ids name them, labels bind them). */
#ifndef CTD_CLIENT_UNPACK_H
#define CTD_CLIENT_UNPACK_H

#include "client/image.h"
#include "client/pull.h"

/*
 * What the unpacker asks before it applies a layer: 0 when the layer's blob is in the daemon. `needed` is told once,
 * before the first such question: from which layer on blobs are needed at all.
 */
struct ctd_layer_source {
  int (*needed)(void *context, size_t first, struct ctd_error *err);
  int (*await)(void *context, size_t layer, struct ctd_error *err);
  void (*progress)(void *context, size_t layer, enum ctd_progress_state state);
  void *context;
};

/*
 * Makes the snapshots of a manifest's layers that don't exist yet, labels each layer with containerd.io/uncompressed
 * and the config with containerd.io/gc.ref.snapshot.<snapshotter>. `client` is under a lease. *needed is called for an
 * image whose snapshots all exist with the number of layers.
 */
int ctd_unpack(struct ctd_client *client, const char *snapshotter, const struct ctd_manifest *manifest,
               const struct ctd_image_config *config, const struct ctd_layer_source *source, struct ctd_scope *scope,
               struct ctd_error *err);

/* The same for what the daemon has all blobs of; `snapshotter` NULL: the default one. The client needs no lease. */
int ctd_unpack_content(struct ctd_client *client, const struct ctd_image_content *content, const char *snapshotter,
                       struct ctd_scope *scope, struct ctd_error *err);

/* Whether it's layers of file systems that an image has: attestations and artifacts have others. */
bool ctd_content_can_unpack(const struct ctd_image_content *content);

struct ctd_unpack_options {
  const char *platform;    /* NULL: the client's */
  const char *snapshotter; /* NULL: the default one */
  bool platform_check;     /* an image for another platform than the client's is CTD_UNSUPPORTED_PLATFORM */
};

/* Unpacks an image whose blobs the daemon has. One that is unpacked already is success. */
int ctd_image_unpack(struct ctd_image *image, const struct ctd_unpack_options *options, struct ctd_scope *scope,
                     struct ctd_error *err);

/* Whether the client's own machine runs what the config is for; CTD_UNSUPPORTED_PLATFORM if not. */
int ctd_unpack_check(struct ctd_client *client, const struct ctd_image_config *config, struct ctd_error *err);

#endif
