#include "client/transfer_pull.h"
#include "client/image_undo.h"
#include "client/transfer.h"
#include "client/unpack.h"
#include "registry/hosts.h"
#include "registry/url.h"
#include <string.h>

#define UNDO_TIMEOUT 10.0 /* seconds */

static int unable(const struct ctd_client *client, const char *what, struct ctd_error *err) {
  return ctd_error_set(err, CTD_UNIMPLEMENTED, "containerd %s, which pulls by itself, takes no %s",
                       ctd_client_version(client), what);
}

/* Before 2.x daemons know registries by their names alone, and speak TLS to all. */
static int hosts_check(struct ctd_client *client, const struct ctd_reference *reference,
                       const struct ctd_registry_options *registry, struct ctd_error *err) {
  bool configured;
  if (ctd_client_at_least(client, 2, 0))
    return 0;
  if (ctd_hosts_are_configured(&configured, reference->domain,
                               registry->hosts_dir ? registry->hosts_dir : ctd_client_hosts_dir(client), err))
    return -1;
  if (configured)
    return unable(client, "hosts_dir", err);
  bool plain = registry->plain_http == CTD_PLAIN_HTTP_LOOPBACK ? ctd_authority_is_loopback(reference->domain)
                                                               : registry->plain_http == CTD_PLAIN_HTTP_ON;
  return plain ? unable(client, "plain_http, which has to be false", err) : 0;
}

static int options_check(struct ctd_client *client, const struct ctd_reference *reference,
                         const struct ctd_pull_options *options, struct ctd_error *err) {
  if (!ctd_client_at_least(client, 1, 7))
    return ctd_error_set(err, CTD_UNIMPLEMENTED, "containerd %s doesn't pull by itself", ctd_client_version(client));
  if (options->max_concurrent)
    return unable(client, "max_concurrent", err);
  if (options->registry.retries)
    return unable(client, "retries", err);
  if (options->registry.idle_timeout > 0)
    return unable(client, "idle_timeout", err);
  if (options->unpack && options->platform_check)
    return unable(client, "platform_check", err);
  if (options->unpack && options->all_platforms)
    return unable(client, "all_platforms to unpack", err);
  return hosts_check(client, reference, &options->registry, err);
}

static int platform_unpack(struct ctd_image *image, const char *platform, const char *snapshotter,
                           struct ctd_scope *scope, struct ctd_error *err) {
  struct ctd_image_content content;
  if (ctd_image_read_for(image, platform, scope, &content, err))
    return -1;
  int result = 0;
  if (ctd_content_can_unpack(&content))
    result = ctd_unpack_content(ctd_image_client(image), &content, snapshotter, scope, err);
  ctd_image_content_free(&content);
  return result;
}

static int rest_unpack(struct ctd_image *image, const struct ctd_pull_options *options, struct ctd_scope *scope,
                       struct ctd_error *err) {
  size_t count = json_array_size(options->platforms);
  if (!options->unpack)
    return 0;
  if (!count)
    return platform_unpack(image, NULL, options->snapshotter, scope, err);
  for (size_t i = 0; i < count; i++)
    if (platform_unpack(image, json_string_value(json_array_get(options->platforms, i)), options->snapshotter, scope,
                        err))
      return -1;
  return 0;
}

/*
 * Daemons pass in silence over platforms and snapshotters that they aren't configured to unpack for; from 2.x on they
 * refuse, before they fetch anything, if none is left.
 */
static int image_transfer(struct ctd_client *client, const struct ctd_transfer_end *source,
                          struct ctd_transfer_end *destination, const struct ctd_progress_listener *listener,
                          struct ctd_scope *scope, struct ctd_images *out, struct ctd_error *err) {
  int result = ctd_transfer_plainly(client, source, destination, listener, scope, out, err);
  if (!result || err->code != CTD_INVALID_ARGUMENT || !strstr(err->message, "no unpack platforms defined"))
    return result;
  ctd_error_clear(err);
  destination->image.unpack = false;
  return ctd_transfer_plainly(client, source, destination, listener, scope, out, err);
}

/* The rest is done here; after a failure the name has what it had. */
static int image_finish(struct ctd_image *image, const struct ctd_pull_options *options, const struct ctd_image *before,
                        struct ctd_scope *scope, struct ctd_error *err) {
  struct ctd_scope undo;
  if (!rest_unpack(image, options, scope, err))
    return 0;
  ctd_scope_init(&undo, UNDO_TIMEOUT);
  ctd_image_undo(ctd_image_client(image), ctd_image_name(image), before, &undo);
  return -1;
}

int ctd_transfer_pull(struct ctd_client *client, const struct ctd_reference *reference,
                      const struct ctd_pull_options *options, struct ctd_scope *scope, struct ctd_image **out,
                      struct ctd_error *err) {
  bool one_platform = !options->all_platforms && json_array_size(options->platforms) <= 1;
  const struct ctd_transfer_end source = {
      .kind = CTD_TRANSFER_REGISTRY,
      .registry = {.reference = reference->name,
                   .auth = options->registry.auth,
                   .hosts_dir = ctd_client_at_least(client, 2, 0) ? options->registry.hosts_dir : NULL,
                   .plain_http = options->registry.plain_http},
  };
  struct ctd_transfer_end destination = {
      .kind = CTD_TRANSFER_IMAGE,
      .image = {.name = reference->name,
                .labels = options->labels,
                .platforms = options->platforms,
                .all_platforms = options->all_platforms,
                .manifest_limit = one_platform ? 1 : 0,
                .unpack = options->unpack,
                .snapshotter = options->snapshotter},
  };
  struct ctd_image *before = NULL;
  struct ctd_images images = {0};
  int result = -1;
  if (!options_check(client, reference, options, err) &&
      !ctd_image_find(client, reference->name, scope, &before, err) &&
      !image_transfer(client, &source, &destination, &options->listener, scope, &images, err))
    result = image_finish(images.items[0], options, before, scope, err);
  if (!result)
    *out = ctd_image_ref(images.items[0]);
  ctd_images_free(&images);
  ctd_image_unref(before);
  return result;
}
