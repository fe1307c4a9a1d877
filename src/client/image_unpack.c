#include "client/lease.h"
#include "client/namespace.h"
#include "client/unpack.h"
#include <stdlib.h>

/* The blobs are there, or the daemon says so when it applies one; nobody is told of the progress. */
static int stored_needed(void *context, size_t first, struct ctd_error *err) {
  (void)context, (void)first, (void)err;
  return 0;
}

static int stored_await(void *context, size_t layer, struct ctd_error *err) {
  (void)context, (void)layer, (void)err;
  return 0;
}

static void stored_progress(void *context, size_t layer, enum ctd_progress_state state) {
  (void)context, (void)layer, (void)state;
}

int ctd_unpack_check(struct ctd_client *client, const struct ctd_image_config *config, struct ctd_error *err) {
  struct ctd_platform own;
  const char *platform = ctd_client_platform(client);
  if (!platform)
    ctd_platform_host(&own);
  else if (ctd_platform_parse(&own, platform, err))
    return -1;
  return ctd_image_config_check_platform(config, &own, err);
}

bool ctd_content_can_unpack(const struct ctd_image_content *content) {
  if (!content->config.document)
    return false;
  for (size_t i = 0; i < content->manifest.layer_count; i++)
    if (!ctd_media_type_is_layer(content->manifest.layers[i].media_type))
      return false;
  return true;
}

int ctd_unpack_content(struct ctd_client *client, const struct ctd_image_content *content, const char *snapshotter,
                       struct ctd_scope *scope, struct ctd_error *err) {
  const struct ctd_layer_source source = {.needed = stored_needed, .await = stored_await, .progress = stored_progress};
  struct ctd_client *leased = NULL;
  char *chosen = NULL;
  int result = ctd_choose_snapshotter(client, snapshotter, &chosen, scope, err);
  if (!result)
    result = ctd_lease_begin(client, &leased, scope, err);
  if (!result)
    result = ctd_unpack(leased, chosen, &content->manifest, &content->config, &source, scope, err);
  ctd_lease_end(client, leased);
  free(chosen);
  return result;
}

int ctd_image_unpack(struct ctd_image *image, const struct ctd_unpack_options *options, struct ctd_scope *scope,
                     struct ctd_error *err) {
  struct ctd_client *client = ctd_image_client(image);
  struct ctd_image_content content;
  if (ctd_image_read_for(image, options->platform, scope, &content, err))
    return -1;
  int result = options->platform_check ? ctd_unpack_check(client, &content.config, err) : 0;
  if (!result)
    result = ctd_unpack_content(client, &content, options->snapshotter, scope, err);
  ctd_image_content_free(&content);
  return result ? ctd_client_failed(client, err, "unpack", "image %s", ctd_image_name(image)) : 0;
}
