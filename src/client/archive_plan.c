#include "client/archive_plan.h"
#include "base/buffer.h"
#include "base/json.h"
#include "client/archive_select.h"
#include "client/distribution.h"
#include "oci/archive.h"
#include <stdlib.h>
#include <string.h>

void ctd_archive_plan_free(struct ctd_archive_plan *plan) {
  for (size_t i = 0; i < plan->count; i++) {
    free(plan->items[i].path);
    free(plan->items[i].text);
  }
  for (size_t i = 0; i < plan->tree_count; i++)
    ctd_image_node_free(&plan->trees[i]);
  free(plan->items);
  free(plan->trees);
  json_decref(plan->index);
  json_decref(plan->docker);
  memset(plan, 0, sizeof *plan);
}

/* Takes over path and text, also after a failure; NULL as the path: memory was short. */
static int item_add(struct ctd_archive_plan *plan, struct ctd_archive_item item, struct ctd_error *err) {
  struct ctd_archive_item *items = item.path ? realloc(plan->items, (plan->count + 1) * sizeof *items) : NULL;
  if (!items) {
    free(item.path);
    free(item.text);
    return ctd_error_nomem(err);
  }
  plan->items = items;
  items[plan->count++] = item;
  return 0;
}

/* "sha256:<hex>" is blobs/sha256/<hex>. */
static char *blob_path(const char *digest, struct ctd_error *err) {
  size_t algorithm = strcspn(digest, ":");
  return ctd_format(err, "blobs/%.*s/%s", (int)algorithm, digest, digest + algorithm + 1);
}

static int blob_add(struct ctd_archive_plan *plan, struct ctd_client *client, const struct ctd_image_node *node,
                    struct ctd_error *err) {
  const struct ctd_descriptor *blob = &node->descriptor;
  if (ctd_media_type_is_foreign(blob->media_type) && (plan->options->skip_non_distributable || !node->present))
    return 0;
  if (!node->present)
    return ctd_error_set(err, CTD_NOT_FOUND, "the daemon doesn't have blob %s (%s)", blob->digest, blob->media_type);
  char *folder = ctd_format(err, "blobs/%.*s/", (int)strcspn(blob->digest, ":"), blob->digest);
  if (item_add(plan, (struct ctd_archive_item){.path = folder}, err))
    return -1;
  return item_add(plan, (struct ctd_archive_item){blob_path(blob->digest, err), blob, client, NULL}, err);
}

static bool is_complete(const struct ctd_image_node *manifest) {
  bool complete = manifest->present;
  for (size_t i = 0; i < manifest->child_count; i++)
    complete = complete && (manifest->children[i].present || ctd_archive_is_optional(&manifest->children[i]));
  return complete;
}

static int manifest_add(struct ctd_archive_plan *plan, struct ctd_client *client, const struct ctd_image_node *node,
                        struct ctd_error *err) {
  bool skip = plan->options->skip_missing && !is_complete(node);
  if (skip && !node->present)
    return 0;
  if (blob_add(plan, client, node, err))
    return -1;
  for (size_t i = 0; !skip && i < node->child_count; i++)
    if (blob_add(plan, client, &node->children[i], err))
      return -1;
  return 0;
}

static const struct ctd_platform *wanted(const struct ctd_archive_plan *plan) {
  return plan->options->all_platforms ? NULL : &plan->platform;
}

static int no_match(const struct ctd_archive_plan *plan, const struct ctd_image_node *index, struct ctd_error *err) {
  char platform[CTD_PLATFORM_TEXT_SIZE];
  ctd_platform_format(&plan->platform, platform);
  return ctd_error_set(err, CTD_UNSUPPORTED_PLATFORM, "no manifest for platform %s in the index %s", platform,
                       index->descriptor.digest);
}

/* An index or manifest and what is below it, as far as it's for the platform. */
static int node_add(struct ctd_archive_plan *plan, struct ctd_client *client, const struct ctd_image_node *node,
                    struct ctd_error *err) {
  const struct ctd_image_node **children;
  size_t count;
  if (!ctd_media_type_is_index(node->descriptor.media_type))
    return manifest_add(plan, client, node, err);
  if (plan->options->skip_missing && !node->present)
    return 0;
  if (blob_add(plan, client, node, err) || ctd_archive_select(node, wanted(plan), true, &children, &count, err))
    return -1;
  int result = count || plan->options->all_platforms ? 0 : no_match(plan, node, err);
  for (size_t i = 0; !result && i < count; i++)
    result = node_add(plan, client, children[i], err);
  free(children);
  return result;
}

/* The manifest that manifest.json shows for an image; NULL: none. */
static int docker_find(const struct ctd_archive_plan *plan, const struct ctd_image_node *node,
                       const struct ctd_image_node **out, struct ctd_error *err) {
  const struct ctd_image_node **children;
  size_t count;
  *out = NULL;
  if (!ctd_media_type_is_index(node->descriptor.media_type)) {
    *out = ctd_image_node_is_image(node) && is_complete(node) ? node : NULL;
    return 0;
  }
  if (ctd_archive_select(node, &plan->platform, true, &children, &count, err))
    return -1;
  int result = 0;
  for (size_t i = 0; !result && !*out && i < count; i++)
    result = docker_find(plan, children[i], out, err);
  free(children);
  return result;
}

static int path_put(json_t *object, const char *key, json_t *array, const char *digest, struct ctd_error *err) {
  char *path = blob_path(digest, err);
  if (!path)
    return -1;
  int result = array ? ctd_json_add(array, json_string(path), err) : ctd_json_put(object, key, json_string(path), err);
  free(path);
  return result;
}

static int docker_fill(json_t *entry, const struct ctd_image_node *manifest, struct ctd_error *err) {
  if (path_put(entry, "Config", NULL, manifest->children[0].descriptor.digest, err) ||
      ctd_json_put(entry, "RepoTags", json_null(), err) || ctd_json_put(entry, "Layers", json_array(), err))
    return -1;
  for (size_t i = 1; i < manifest->child_count; i++)
    if (path_put(NULL, NULL, json_object_get(entry, "Layers"), manifest->children[i].descriptor.digest, err))
      return -1;
  return manifest->child_count > 1 ? 0 : ctd_json_put(entry, "Layers", json_null(), err);
}

static int docker_tag(json_t *entry, const char *name, struct ctd_error *err) {
  char *familiar;
  json_t *tags = json_object_get(entry, "RepoTags");
  if (ctd_archive_familiar(&familiar, name, err))
    return -1;
  if (!familiar)
    return 0; /* Docker can't have an image of such a name */
  int result = json_is_array(tags) ? 0 : ctd_json_put(entry, "RepoTags", json_array(), err);
  if (!result)
    result = ctd_json_add(json_object_get(entry, "RepoTags"), json_string(familiar), err);
  free(familiar);
  return result;
}

static int docker_add(struct ctd_archive_plan *plan, const struct ctd_image_node *tree, const char *name,
                      struct ctd_error *err) {
  const struct ctd_image_node *manifest;
  if (docker_find(plan, tree, &manifest, err))
    return -1;
  if (!manifest)
    return 0;
  json_t *entry = json_object_get(plan->docker, manifest->descriptor.digest);
  if (entry)
    return docker_tag(entry, name, err);
  entry = json_object();
  if (ctd_json_put(plan->docker, manifest->descriptor.digest, entry, err))
    return -1;
  return docker_fill(entry, manifest, err) || docker_tag(entry, name, err) ? -1 : 0;
}

/* Sorted, as Go's maps are when they're written. */
static int annotations_make(struct ctd_labels *out, const struct ctd_image *image, const struct ctd_image_node *tree,
                            struct ctd_error *err) {
  const char *name = ctd_image_name(image);
  if (ctd_labels_from_json(out, ctd_image_target(image)->annotations, err))
    return -1;
  for (size_t i = 0; i < tree->labels.count; i++) {
    const struct ctd_label *label = &tree->labels.items[i];
    if (ctd_distribution_is(label->key) && ctd_labels_set(out, label->key, label->value, err))
      return -1;
  }
  return ctd_labels_set(out, CTD_ANNOTATION_IMAGE_NAME, name, err) ||
                 ctd_labels_set(out, CTD_ANNOTATION_REF_NAME, ctd_archive_tag(name), err)
             ? -1
             : 0;
}

/* The image's target, annotated with its name and with where it came from. */
static int index_add(struct ctd_archive_plan *plan, const struct ctd_image *image, const struct ctd_image_node *tree,
                     struct ctd_error *err) {
  struct ctd_descriptor target = *ctd_image_target(image);
  struct ctd_labels annotations = {0};
  json_t *entry = NULL;
  target.annotations = json_object();
  int result = target.annotations ? annotations_make(&annotations, image, tree, err) : ctd_error_nomem(err);
  for (size_t i = 0; !result && i < annotations.count; i++)
    result = ctd_json_put(target.annotations, annotations.items[i].key, json_string(annotations.items[i].value), err);
  if (!result)
    result = ctd_archive_descriptor(&entry, &target, err);
  if (!result)
    result = ctd_json_add(plan->index, entry, err);
  ctd_labels_free(&annotations);
  json_decref(target.annotations);
  return result;
}

static int image_add(struct ctd_archive_plan *plan, struct ctd_image *image, struct ctd_error *err) {
  struct ctd_image_node *tree = &plan->trees[plan->tree_count];
  struct ctd_client *client = ctd_image_client(image);
  const struct ctd_descriptor *target = ctd_image_target(image);
  if (!ctd_media_type_is_index(target->media_type) && !ctd_media_type_is_manifest(target->media_type))
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "neither a manifest nor an index: \"%s\"", target->media_type);
  if (ctd_image_tree_read(client, target, plan->scope, tree, err))
    return -1;
  plan->tree_count++;
  return node_add(plan, client, tree, err) || index_add(plan, image, tree, err) ||
                 docker_add(plan, tree, ctd_image_name(image), err)
             ? -1
             : 0;
}

/* `document` is taken over. */
static int text_add(struct ctd_archive_plan *plan, const char *path, json_t *document, struct ctd_error *err) {
  struct ctd_archive_item item = {0};
  int result = document ? ctd_json_dump(document, &item.text, err) : ctd_error_nomem(err);
  json_decref(document);
  if (result)
    return -1;
  item.path = ctd_format(err, "%s", path);
  return item_add(plan, item, err);
}

static json_t *values_of(const json_t *object) {
  json_t *array = json_array(), *value;
  const char *key;
  json_object_foreach((json_t *)object, key, value) {
    if (array && json_array_append(array, value)) {
      json_decref(array);
      array = NULL;
    }
  }
  return array;
}

static int texts_add(struct ctd_archive_plan *plan, struct ctd_error *err) {
  json_t *index =
      json_pack("{s:i, s:s, s:O}", "schemaVersion", 2, "mediaType", CTD_OCI_INDEX, "manifests", plan->index);
  if (text_add(plan, "index.json", index, err) ||
      text_add(plan, "oci-layout", json_pack("{s:s}", "imageLayoutVersion", "1.0.0"), err))
    return -1;
  if (plan->options->skip_docker_manifest || !json_object_size(plan->docker))
    return 0;
  return text_add(plan, "manifest.json", values_of(plan->docker), err);
}

static int item_compare(const void *a, const void *b) {
  return strcmp(((const struct ctd_archive_item *)a)->path, ((const struct ctd_archive_item *)b)->path);
}

static void items_sort(struct ctd_archive_plan *plan) {
  size_t kept = 0;
  qsort(plan->items, plan->count, sizeof *plan->items, item_compare);
  for (size_t i = 0; i < plan->count; i++) {
    if (kept && !item_compare(&plan->items[kept - 1], &plan->items[i]))
      free(plan->items[i].path);
    else
      plan->items[kept++] = plan->items[i];
  }
  plan->count = kept;
}

int ctd_archive_plan_make(struct ctd_archive_plan *out, struct ctd_client *client, const struct ctd_images *images,
                          const struct ctd_export_options *options, struct ctd_scope *scope, struct ctd_error *err) {
  *out = (struct ctd_archive_plan){.options = options, .scope = scope, .index = json_array(), .docker = json_object()};
  out->trees = calloc(images->count + 1, sizeof *out->trees);
  if (!out->index || !out->docker || !out->trees)
    return ctd_error_nomem(err);
  if (ctd_archive_platform(client, options->platform, &out->platform, err))
    return -1;
  for (size_t i = 0; i < images->count; i++)
    if (image_add(out, images->items[i], err))
      return ctd_error_prefix(err, "image %s", ctd_image_name(images->items[i]));
  if (out->count && item_add(out, (struct ctd_archive_item){.path = ctd_format(err, "blobs/")}, err))
    return -1;
  if (texts_add(out, err))
    return -1;
  items_sort(out);
  return 0;
}
