#include "client/image_tree.h"
#include "client/content.h"
#include "client/image_load.h"
#include <stdlib.h>
#include <string.h>

/* Of indexes in indexes. */
#define DEPTH_LIMIT 8

struct tree {
  struct ctd_client *client;
  struct ctd_scope *scope;
};

void ctd_image_node_free(struct ctd_image_node *node) {
  for (size_t i = 0; i < node->child_count; i++)
    ctd_image_node_free(&node->children[i]);
  free(node->children);
  ctd_labels_free(&node->labels);
  ctd_descriptor_free(&node->descriptor);
  memset(node, 0, sizeof *node);
}

int ctd_image_node_walk(const struct ctd_image_node *node, ctd_image_visit visit, void *context,
                        struct ctd_error *err) {
  if (visit(context, node, err))
    return -1;
  for (size_t i = 0; i < node->child_count; i++)
    if (ctd_image_node_walk(&node->children[i], visit, context, err))
      return -1;
  return 0;
}

bool ctd_image_node_is_image(const struct ctd_image_node *node) {
  if (!node->child_count || !ctd_media_type_is_config(node->children[0].descriptor.media_type))
    return false;
  for (size_t i = 1; i < node->child_count; i++)
    if (!ctd_media_type_is_layer(node->children[i].descriptor.media_type))
      return false;
  return true;
}

/* Whether the daemon has the blob. */
static int node_stat(const struct tree *tree, struct ctd_image_node *node, struct ctd_error *err) {
  struct ctd_content_info info;
  if (ctd_content_info(tree->client, node->descriptor.digest, tree->scope, &info, err)) {
    if (err->code != CTD_NOT_FOUND)
      return ctd_error_prefix(err, "look for %s", node->descriptor.digest);
    ctd_error_clear(err);
    return 0;
  }
  node->present = true;
  node->stored = info.size;
  node->labels = info.labels;
  info.labels = (struct ctd_labels){0};
  ctd_content_info_free(&info);
  return 0;
}

static int node_read(const struct tree *tree, struct ctd_image_node *node, const struct ctd_descriptor *descriptor,
                     int depth, struct ctd_error *err);

static int children_add(const struct tree *tree, struct ctd_image_node *node, const struct ctd_descriptor *descriptors,
                        size_t count, int depth, struct ctd_error *err) {
  for (size_t i = 0; i < count; i++) {
    if (node_read(tree, &node->children[node->child_count], &descriptors[i], depth + 1, err))
      return -1;
    node->child_count++;
  }
  return 0;
}

static int children_read(const struct tree *tree, struct ctd_image_node *node, const struct ctd_manifest *manifest,
                         int depth, struct ctd_error *err) {
  size_t count = manifest->is_index ? manifest->manifest_count : 1 + manifest->layer_count;
  node->children = calloc(count + 1, sizeof *node->children);
  if (!node->children)
    return ctd_error_nomem(err);
  if (manifest->is_index)
    return children_add(tree, node, manifest->manifests, count, depth, err);
  if (children_add(tree, node, &manifest->config, 1, depth, err))
    return -1;
  return children_add(tree, node, manifest->layers, manifest->layer_count, depth, err);
}

static int manifest_read(const struct tree *tree, struct ctd_image_node *node, int depth, struct ctd_error *err) {
  const struct ctd_descriptor *descriptor = &node->descriptor;
  struct ctd_buffer bytes = {0};
  struct ctd_manifest manifest = {0};
  if (depth == DEPTH_LIMIT)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "more than %d indexes in each other", DEPTH_LIMIT);
  int result = ctd_content_read(tree->client, descriptor->digest, CTD_MANIFEST_LIMIT, tree->scope, &bytes, err);
  if (!result)
    result = ctd_manifest_parse(&manifest, descriptor->media_type, bytes.data, bytes.size, err);
  ctd_buffer_free(&bytes);
  if (result)
    return ctd_error_prefix(err, "read %s", descriptor->digest);
  result = children_read(tree, node, &manifest, depth, err);
  ctd_manifest_free(&manifest);
  return result;
}

static int node_read(const struct tree *tree, struct ctd_image_node *node, const struct ctd_descriptor *descriptor,
                     int depth, struct ctd_error *err) {
  bool branch = ctd_media_type_is_manifest(descriptor->media_type) || ctd_media_type_is_index(descriptor->media_type);
  int result = ctd_descriptor_copy(&node->descriptor, descriptor, err);
  if (!result)
    result = node_stat(tree, node, err);
  if (!result && node->present && branch)
    result = manifest_read(tree, node, depth, err);
  if (result)
    ctd_image_node_free(node);
  return result;
}

int ctd_image_tree_read(struct ctd_client *client, const struct ctd_descriptor *target, struct ctd_scope *scope,
                        struct ctd_image_node *out, struct ctd_error *err) {
  const struct tree tree = {.client = client, .scope = scope};
  memset(out, 0, sizeof *out);
  return node_read(&tree, out, target, 0, err);
}
