#include "base/json.h"
#include "client/content.h"
#include "client/image_load.h"
#include <stdlib.h>
#include <string.h>

/* Of indexes in indexes. */
#define DEPTH_LIMIT 8

struct walk {
  struct ctd_client *client;
  struct ctd_scope *scope;
  struct ctd_labels found; /* a sorted set: the keys count */
};

static int walk_blob(struct walk *walk, const struct ctd_descriptor *descriptor, int depth, struct ctd_error *err);

static int walk_read(struct walk *walk, const char *digest, size_t limit, struct ctd_buffer *out,
                     struct ctd_error *err) {
  int result = ctd_content_read(walk->client, digest, limit, walk->scope, out, err);
  return result ? ctd_error_prefix(err, "read %s", digest) : 0;
}

/* An entry's platform is shown as it is written, not as it is compared. */
static int platform_add(struct walk *walk, const json_t *platform, struct ctd_error *err) {
  const char *os, *architecture, *variant;
  if (ctd_json_string(platform, "os", &os, err) || ctd_json_string(platform, "architecture", &architecture, err) ||
      ctd_json_string(platform, "variant", &variant, err))
    return -1;
  if (!os || !*os || !architecture || !strcmp(os, "unknown") || !strcmp(architecture, "unknown"))
    return 0; /* attestations are entries for an unknown platform */
  bool plain = !variant || !*variant;
  char *text = ctd_format(err, "%s/%s%s%s", os, architecture, plain ? "" : "/", plain ? "" : variant);
  int result = text ? ctd_labels_set(&walk->found, text, "", err) : -1;
  free(text);
  return result;
}

static int walk_entry(struct walk *walk, const json_t *entry, int depth, struct ctd_error *err) {
  struct ctd_descriptor descriptor = {0};
  json_t *platform;
  if (ctd_json_object(entry, "platform", &platform, err))
    return -1;
  if (platform)
    return platform_add(walk, platform, err);
  if (ctd_descriptor_from_json(&descriptor, entry, err))
    return -1;
  int result = walk_blob(walk, &descriptor, depth + 1, err);
  ctd_descriptor_free(&descriptor);
  return result;
}

static int walk_index(struct walk *walk, const struct ctd_buffer *bytes, int depth, struct ctd_error *err) {
  json_t *document, *entries, *entry;
  size_t i;
  if (ctd_json_parse(&document, bytes->data, bytes->size, "index", err))
    return -1;
  int result = ctd_json_array(document, "manifests", &entries, err);
  json_array_foreach(entries, i, entry) {
    if (!result)
      result = walk_entry(walk, entry, depth, err);
  }
  json_decref(document);
  return result;
}

static int walk_config(struct walk *walk, const char *digest, struct ctd_error *err) {
  struct ctd_buffer bytes = {0};
  struct ctd_image_config config = {0};
  char text[CTD_PLATFORM_TEXT_SIZE];
  int result = walk_read(walk, digest, CTD_CONFIG_LIMIT, &bytes, err);
  if (!result)
    result = ctd_image_config_parse(&config, bytes.data, bytes.size, err);
  if (!result) {
    ctd_platform_format(&config.platform, text);
    result = ctd_labels_set(&walk->found, text, "", err);
  }
  ctd_image_config_free(&config);
  ctd_buffer_free(&bytes);
  return result;
}

static int walk_manifest(struct walk *walk, const char *media_type, const struct ctd_buffer *bytes,
                         struct ctd_error *err) {
  struct ctd_manifest manifest = {0};
  if (ctd_manifest_parse(&manifest, media_type, bytes->data, bytes->size, err))
    return -1;
  int result =
      ctd_media_type_is_config(manifest.config.media_type) ? walk_config(walk, manifest.config.digest, err) : 0;
  ctd_manifest_free(&manifest);
  return result;
}

static int walk_blob(struct walk *walk, const struct ctd_descriptor *descriptor, int depth, struct ctd_error *err) {
  struct ctd_buffer bytes = {0};
  bool index = ctd_media_type_is_index(descriptor->media_type);
  if (!index && !ctd_media_type_is_manifest(descriptor->media_type))
    return 0;
  if (depth == DEPTH_LIMIT)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "more than %d indexes in each other", DEPTH_LIMIT);
  int result = walk_read(walk, descriptor->digest, CTD_MANIFEST_LIMIT, &bytes, err);
  if (!result)
    result = index ? walk_index(walk, &bytes, depth, err) : walk_manifest(walk, descriptor->media_type, &bytes, err);
  ctd_buffer_free(&bytes);
  return result;
}

static int keys_take(struct ctd_labels *labels, char ***out, size_t *count, struct ctd_error *err) {
  *count = labels->count;
  *out = calloc(labels->count + 1, sizeof **out);
  if (!*out)
    return ctd_error_nomem(err);
  for (size_t i = 0; i < labels->count; i++) {
    (*out)[i] = labels->items[i].key;
    labels->items[i].key = NULL;
  }
  return 0;
}

int ctd_image_platforms(struct ctd_image *image, struct ctd_scope *scope, char ***out, size_t *count,
                        struct ctd_error *err) {
  struct walk walk = {.client = ctd_image_client(image), .scope = scope};
  int result = walk_blob(&walk, ctd_image_target(image), 0, err);
  if (!result)
    result = keys_take(&walk.found, out, count, err);
  ctd_labels_free(&walk.found);
  return result ? ctd_client_failed(walk.client, err, "image", "%s", ctd_image_name(image)) : 0;
}
