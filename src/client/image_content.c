#include "client/content.h"
#include "client/image_load.h"

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
  int64_t size;
  return stored_load(image, scope, ctd_client_platform(ctd_image_client(image)), out, &size, err);
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
