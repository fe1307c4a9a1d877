#include "base/json.h"
#include "client/content.h"
#include "client/image_load.h"
#include "client/namespace.h"
#include "client/snapshot.h"
#include <stdlib.h>

/* Reads an image's blobs from the daemon and adds up their sizes. */
struct stored {
  struct ctd_client *client;
  struct ctd_scope *scope;
  int64_t size;
};

static int stored_read(void *context, const struct ctd_descriptor *descriptor, size_t limit, struct ctd_buffer *out,
                       struct ctd_error *err) {
  struct stored *stored = context;
  stored->size += descriptor->size;
  int result = ctd_content_read(stored->client, descriptor->digest, limit, stored->scope, out, err);
  return result ? ctd_error_prefix(err, "read %s", descriptor->digest) : 0;
}

static int stored_load(struct ctd_image *image, struct ctd_scope *scope, const char *platform,
                       struct ctd_image_content *out, int64_t *size, struct ctd_error *err) {
  struct stored stored = {.client = ctd_image_client(image), .scope = scope};
  struct ctd_image_source source = {.read = stored_read, .context = &stored};
  int result = ctd_image_load(ctd_image_target(image), platform, &source, out, err);
  *size = stored.size;
  return result ? ctd_client_failed(stored.client, err, "image", "%s", ctd_image_name(image)) : 0;
}

int ctd_image_read(struct ctd_image *image, struct ctd_scope *scope, struct ctd_image_content *out,
                   struct ctd_error *err) {
  return ctd_image_read_for(image, NULL, scope, out, err);
}

int ctd_image_read_for(struct ctd_image *image, const char *platform, struct ctd_scope *scope,
                       struct ctd_image_content *out, struct ctd_error *err) {
  int64_t size;
  return stored_load(image, scope, platform ? platform : ctd_client_platform(ctd_image_client(image)), out, &size, err);
}

int ctd_image_read_manifest(struct ctd_image *image, const char *platform, struct ctd_scope *scope, json_t **out,
                            struct ctd_error *err) {
  struct ctd_image_content content;
  struct ctd_buffer bytes = {0};
  struct ctd_client *client = ctd_image_client(image);
  if (ctd_image_read_for(image, platform, scope, &content, err))
    return -1;
  int result = ctd_content_read(client, content.manifest_descriptor.digest, CTD_MANIFEST_LIMIT, scope, &bytes, err);
  if (!result)
    result = ctd_json_parse(out, bytes.data, bytes.size, "manifest", err);
  ctd_buffer_free(&bytes);
  ctd_image_content_free(&content);
  return result ? ctd_client_failed(client, err, "manifest", "image %s", ctd_image_name(image)) : 0;
}

/* An image without layers needs no snapshot. */
static int unpacked_find(struct ctd_client *client, const char *snapshotter, const char *chain_id,
                         struct ctd_scope *scope, bool *out, struct ctd_error *err) {
  char *chosen;
  *out = true;
  if (!chain_id)
    return 0;
  if (ctd_choose_snapshotter(client, snapshotter, &chosen, scope, err))
    return -1;
  int result = ctd_snapshot_exists(client, chosen, chain_id, out, scope, err);
  free(chosen);
  return result;
}

int ctd_image_is_unpacked(struct ctd_image *image, const char *platform, const char *snapshotter,
                          struct ctd_scope *scope, bool *out, struct ctd_error *err) {
  struct ctd_image_content content;
  struct ctd_client *client = ctd_image_client(image);
  if (ctd_image_read_for(image, platform, scope, &content, err))
    return -1;
  int result = unpacked_find(client, snapshotter, content.chain_id, scope, out, err);
  ctd_image_content_free(&content);
  return result ? ctd_client_failed(client, err, "is_unpacked", "image %s", ctd_image_name(image)) : 0;
}

int ctd_image_size(struct ctd_image *image, struct ctd_scope *scope, int64_t *out, struct ctd_error *err) {
  struct ctd_image_content content;
  if (stored_load(image, scope, NULL, &content, out, err))
    return -1;
  for (size_t i = 0; i < content.manifest.layer_count; i++)
    *out += content.manifest.layers[i].size;
  ctd_image_content_free(&content);
  return 0;
}
