#include "base/buffer.h"
#include "client/image_tree.h"
#include "client/snapshot.h"
#include <stdlib.h>
#include <string.h>

#define SNAPSHOT_LABEL "containerd.io/gc.ref.snapshot."

struct usage {
  struct ctd_client *client;
  const struct ctd_image_usage_options *options;
  struct ctd_scope *scope;
  struct ctd_platform platform;
  struct ctd_labels counted; /* a set: digests, and "snapshotter snapshot" */
  struct ctd_image_usage *out;
};

/* Whether it was counted before. */
static int usage_once(struct usage *usage, const char *key, bool *first, struct ctd_error *err) {
  *first = !ctd_labels_get(&usage->counted, key);
  return *first ? ctd_labels_set(&usage->counted, key, "", err) : 0;
}

/* One that has gone takes up nothing and stands on nothing. The caller frees *parent, NULL for none. */
static int snapshot_count(struct usage *usage, const char *snapshotter, const char *key, char **parent,
                          struct ctd_error *err) {
  struct ctd_snapshot_info info = {0};
  int64_t size = 0;
  *parent = NULL;
  if (ctd_snapshot_usage(usage->client, snapshotter, key, usage->scope, &size, err) ||
      ctd_snapshot_stat(usage->client, snapshotter, key, usage->scope, &info, err)) {
    if (err->code != CTD_NOT_FOUND)
      return -1;
    ctd_error_clear(err);
  }
  usage->out->snapshots += size;
  if (info.parent && *info.parent)
    *parent = info.parent;
  else
    ctd_snapshot_info_free(&info);
  return 0;
}

/* A snapshot and those that it stands on. */
static int chain_count(struct usage *usage, const char *snapshotter, const char *top, struct ctd_error *err) {
  char *key = NULL;
  int result = ctd_copy_string(&key, top, err);
  while (!result && key) {
    bool first = false;
    char *parent = NULL, *name = ctd_format(err, "%s %s", snapshotter, key);
    result = name ? usage_once(usage, name, &first, err) : -1;
    free(name);
    if (!result && first)
      result = snapshot_count(usage, snapshotter, key, &parent, err);
    free(key);
    key = parent;
  }
  free(key);
  return result;
}

static int snapshots_count(struct usage *usage, const struct ctd_labels *labels, struct ctd_error *err) {
  const size_t prefix = strlen(SNAPSHOT_LABEL);
  for (size_t i = 0; i < labels->count; i++) {
    const char *key = labels->items[i].key;
    if (!strncmp(key, SNAPSHOT_LABEL, prefix) && chain_count(usage, key + prefix, labels->items[i].value, err))
      return -1;
  }
  return 0;
}

/* The daemon may have more bytes than the manifest says, whose size may be unset. */
static int64_t node_size(const struct usage *usage, const struct ctd_image_node *node) {
  int64_t said = node->descriptor.size > 0 ? node->descriptor.size : 0;
  if (!node->present)
    return usage->options->manifests ? said : 0;
  return node->stored > said && !usage->options->manifests ? node->stored : said;
}

static int node_count(struct usage *usage, const struct ctd_image_node *node, struct ctd_error *err) {
  bool first, branch = ctd_media_type_is_manifest(node->descriptor.media_type) ||
                       ctd_media_type_is_index(node->descriptor.media_type);
  if (!node->present && branch && usage->options->manifest_limit >= 0)
    return ctd_error_set(err, CTD_NOT_FOUND, "content %s: not found", node->descriptor.digest);
  if (usage_once(usage, node->descriptor.digest, &first, err))
    return -1;
  if (first)
    usage->out->content += node_size(usage, node);
  return usage->options->snapshots ? snapshots_count(usage, &node->labels, err) : 0;
}

static int tree_count(struct usage *usage, const struct ctd_image_node *node, struct ctd_error *err);

/* Of the manifests not yet taken the one that suits best; those that suit equally, or not at all, in their order. */
static const struct ctd_image_node *best_take(const struct usage *usage, const struct ctd_image_node *node,
                                              bool *taken) {
  size_t best = node->child_count;
  int best_rank = 0;
  for (size_t i = 0; i < node->child_count; i++) {
    const struct ctd_descriptor *descriptor = &node->children[i].descriptor;
    int rank = descriptor->has_platform ? ctd_platform_rank(&usage->platform, &descriptor->platform) : 0;
    bool better = best == node->child_count || (rank >= 0 && (best_rank < 0 || rank < best_rank));
    if (taken[i] || !better)
      continue;
    best = i;
    best_rank = rank;
  }
  taken[best] = true;
  return &node->children[best];
}

static int limited_count(struct usage *usage, const struct ctd_image_node *node, size_t limit, struct ctd_error *err) {
  bool *taken = calloc(node->child_count + 1, sizeof *taken);
  int result = 0;
  if (!taken)
    return ctd_error_nomem(err);
  for (size_t i = 0; !result && i < limit && i < node->child_count; i++)
    result = tree_count(usage, best_take(usage, node, taken), err);
  free(taken);
  return result;
}

static int tree_count(struct usage *usage, const struct ctd_image_node *node, struct ctd_error *err) {
  int limit = usage->options->manifest_limit;
  if (node_count(usage, node, err))
    return -1;
  if (limit > 0 && ctd_media_type_is_index(node->descriptor.media_type))
    return limited_count(usage, node, (size_t)limit, err);
  for (size_t i = 0; i < node->child_count; i++)
    if (tree_count(usage, &node->children[i], err))
      return -1;
  return 0;
}

static int usage_run(struct usage *usage, const struct ctd_descriptor *target, struct ctd_error *err) {
  struct ctd_image_node tree;
  const char *platform = ctd_client_platform(usage->client);
  if (!platform)
    ctd_platform_host(&usage->platform);
  else if (ctd_platform_parse(&usage->platform, platform, err))
    return -1;
  if (ctd_image_tree_read(usage->client, target, usage->scope, &tree, err))
    return -1;
  int result = tree_count(usage, &tree, err);
  ctd_image_node_free(&tree);
  return result;
}

int ctd_image_usage(struct ctd_image *image, const struct ctd_image_usage_options *options, struct ctd_scope *scope,
                    struct ctd_image_usage *out, struct ctd_error *err) {
  struct usage usage = {.client = ctd_image_client(image), .options = options, .scope = scope, .out = out};
  memset(out, 0, sizeof *out);
  int result = usage_run(&usage, ctd_image_target(image), err);
  ctd_labels_free(&usage.counted);
  return result ? ctd_client_failed(usage.client, err, "usage", "image %s", ctd_image_name(image)) : 0;
}
