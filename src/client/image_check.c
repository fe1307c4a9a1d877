#include "client/content.h"
#include "client/image_load.h"
#include "client/image_tree.h"
#include "client/namespace.h"
#include "client/snapshot.h"
#include <stdlib.h>
#include <string.h>

struct check {
  struct ctd_client *client;
  const char *snapshotter;
  struct ctd_scope *scope;
  struct ctd_image_check *out;
};

void ctd_image_check_free(struct ctd_image_check *check) {
  for (size_t i = 0; i < check->count; i++) {
    char **ids = check->items[i].missing_snapshots;
    for (size_t j = 0; ids && ids[j]; j++)
      free(ids[j]);
    free(ids);
  }
  free(check->items);
  ctd_image_node_free(&check->tree);
  memset(check, 0, sizeof *check);
}

/* Keeps of the chain ids those that have no snapshot, in their order. */
static int snapshots_check(const struct check *check, struct ctd_image_lack *lack, char **ids, size_t count,
                           struct ctd_error *err) {
  size_t missing = 0;
  lack->missing_snapshots = calloc(count + 1, sizeof *lack->missing_snapshots);
  if (!lack->missing_snapshots)
    return ctd_error_nomem(err);
  for (size_t i = 0; i < count; i++) {
    bool exists;
    if (ctd_snapshot_exists(check->client, check->snapshotter, ids[i], &exists, check->scope, err))
      return -1;
    if (exists)
      continue;
    lack->missing_snapshots[missing++] = ids[i];
    ids[i] = NULL;
  }
  return 0;
}

static int config_check(const struct check *check, struct ctd_image_lack *lack, const struct ctd_image_config *config,
                        struct ctd_error *err) {
  char **ids;
  if (!lack->manifest->descriptor.has_platform)
    ctd_platform_format(&config->platform, lack->platform);
  if (ctd_chain_ids(&ids, config->diff_ids, err))
    return -1;
  int result = snapshots_check(check, lack, ids, json_array_size(config->diff_ids), err);
  ctd_chain_ids_free(ids, json_array_size(config->diff_ids));
  return result;
}

/* Which snapshots there must be stands in the config. */
static int config_read(const struct check *check, struct ctd_image_lack *lack, struct ctd_error *err) {
  const char *digest = lack->manifest->children[0].descriptor.digest;
  struct ctd_buffer bytes = {0};
  struct ctd_image_config config = {0};
  int result = ctd_content_read(check->client, digest, CTD_CONFIG_LIMIT, check->scope, &bytes, err);
  if (!result)
    result = ctd_image_config_parse(&config, bytes.data, bytes.size, err);
  if (!result)
    result = config_check(check, lack, &config, err);
  ctd_image_config_free(&config);
  ctd_buffer_free(&bytes);
  return result ? ctd_error_prefix(err, "config %s", digest) : 0;
}

static int manifest_check(void *context, const struct ctd_image_node *node, struct ctd_error *err) {
  struct check *check = context;
  struct ctd_image_check *out = check->out;
  if (!ctd_media_type_is_manifest(node->descriptor.media_type))
    return 0;
  struct ctd_image_lack *items = realloc(out->items, (out->count + 1) * sizeof *items);
  if (!items)
    return ctd_error_nomem(err);
  out->items = items;
  struct ctd_image_lack *lack = &items[out->count++];
  *lack = (struct ctd_image_lack){.manifest = node};
  if (node->descriptor.has_platform)
    ctd_platform_format(&node->descriptor.platform, lack->platform);
  return ctd_image_node_is_image(node) && node->children[0].present ? config_read(check, lack, err) : 0;
}

int ctd_image_check(struct ctd_image *image, const char *snapshotter, struct ctd_scope *scope,
                    struct ctd_image_check *out, struct ctd_error *err) {
  struct check check = {.client = ctd_image_client(image), .scope = scope, .out = out};
  char *chosen = NULL;
  memset(out, 0, sizeof *out);
  int result = ctd_choose_snapshotter(check.client, snapshotter, &chosen, scope, err);
  check.snapshotter = chosen;
  if (!result)
    result = ctd_image_tree_read(check.client, ctd_image_target(image), scope, &out->tree, err);
  if (!result)
    result = ctd_image_node_walk(&out->tree, manifest_check, &check, err);
  free(chosen);
  if (!result)
    return 0;
  ctd_image_check_free(out);
  return ctd_client_failed(check.client, err, "check", "image %s", ctd_image_name(image));
}
