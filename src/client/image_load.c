#include "client/image_load.h"
#include <stdlib.h>
#include <string.h>

/* Of indexes in indexes. */
#define DEPTH_LIMIT 8

struct load {
  const struct ctd_image_source *source;
  struct ctd_platform platform;
  struct ctd_image_content *out;
};

static int load_keep(const struct load *load, const struct ctd_descriptor *descriptor, const struct ctd_buffer *bytes,
                     const struct ctd_manifest *manifest, struct ctd_error *err) {
  return load->source->keep ? load->source->keep(load->source->context, descriptor, bytes, manifest, err) : 0;
}

static int load_manifest(const struct load *load, const struct ctd_descriptor *descriptor, struct ctd_manifest *out,
                         struct ctd_error *err) {
  struct ctd_buffer bytes = {0};
  int result = load->source->read(load->source->context, descriptor, CTD_MANIFEST_LIMIT, &bytes, err);
  if (!result)
    result = ctd_manifest_parse(out, descriptor->media_type, bytes.data, bytes.size, err);
  if (!result)
    result = load_keep(load, descriptor, &bytes, out, err);
  ctd_buffer_free(&bytes);
  return result;
}

static int load_config(const struct load *load, struct ctd_error *err) {
  const struct ctd_descriptor *descriptor = &load->out->manifest.config;
  struct ctd_buffer bytes = {0};
  int result = load->source->read(load->source->context, descriptor, CTD_CONFIG_LIMIT, &bytes, err);
  if (!result)
    result = ctd_image_config_parse(&load->out->config, bytes.data, bytes.size, err);
  if (!result)
    result = load_keep(load, descriptor, &bytes, NULL, err);
  ctd_buffer_free(&bytes);
  return result ? ctd_error_prefix(err, "config %s", descriptor->digest) : 0;
}

/* Replaces an index by the manifest or index in it that suits the platform. */
static int load_select(struct load *load, struct ctd_error *err) {
  const struct ctd_descriptor *selected;
  struct ctd_descriptor next = {0};
  if (ctd_manifest_select(&load->out->manifest, &load->platform, &selected, err) ||
      ctd_descriptor_copy(&next, selected, err))
    return -1;
  ctd_manifest_free(&load->out->manifest);
  ctd_descriptor_free(&load->out->manifest_descriptor);
  load->out->manifest_descriptor = next;
  return load_manifest(load, &load->out->manifest_descriptor, &load->out->manifest, err);
}

/* An index entry that names no platform is for that of its config. */
static int load_check(const struct load *load, bool indexed, struct ctd_error *err) {
  if (!indexed || load->out->manifest_descriptor.has_platform)
    return 0;
  return ctd_image_config_check_platform(&load->out->config, &load->platform, err);
}

static int chain_id(struct ctd_image_content *content, struct ctd_error *err) {
  size_t count = json_array_size(content->config.diff_ids);
  char **ids;
  if (ctd_chain_ids(&ids, content->config.diff_ids, err))
    return -1;
  if (count) {
    content->chain_id = ids[count - 1];
    ids[count - 1] = NULL;
  }
  ctd_chain_ids_free(ids, count);
  return 0;
}

static int load_all(struct load *load, const struct ctd_descriptor *target, struct ctd_error *err) {
  int depth = 0;
  if (ctd_descriptor_copy(&load->out->manifest_descriptor, target, err) ||
      load_manifest(load, target, &load->out->manifest, err))
    return -1;
  for (; load->out->manifest.is_index; depth++) {
    if (depth == DEPTH_LIMIT)
      return ctd_error_set(err, CTD_INVALID_ARGUMENT, "more than %d indexes in each other", DEPTH_LIMIT);
    if (load_select(load, err))
      return -1;
  }
  if (load_config(load, err) || load_check(load, depth > 0, err))
    return -1;
  return chain_id(load->out, err);
}

int ctd_image_load(const struct ctd_descriptor *target, const char *platform, const struct ctd_image_source *source,
                   struct ctd_image_content *out, struct ctd_error *err) {
  struct load load = {.source = source, .out = out};
  memset(out, 0, sizeof *out);
  if (!platform)
    ctd_platform_host(&load.platform);
  else if (ctd_platform_parse(&load.platform, platform, err))
    return -1;
  if (!load_all(&load, target, err))
    return 0;
  ctd_image_content_free(out);
  return -1;
}

void ctd_image_content_free(struct ctd_image_content *content) {
  ctd_descriptor_free(&content->manifest_descriptor);
  ctd_manifest_free(&content->manifest);
  ctd_image_config_free(&content->config);
  free(content->chain_id);
  memset(content, 0, sizeof *content);
}

void ctd_image_contents_free(struct ctd_image_contents *contents) {
  for (size_t i = 0; i < contents->count; i++)
    ctd_image_content_free(&contents->items[i]);
  free(contents->items);
  memset(contents, 0, sizeof *contents);
}

/* Takes over *content; one that is there already isn't added again. */
static int contents_add(struct ctd_image_contents *contents, struct ctd_image_content *content, struct ctd_error *err) {
  struct ctd_image_content *items = realloc(contents->items, (contents->count + 1) * sizeof *items);
  bool there = false;
  if (items)
    contents->items = items;
  for (size_t i = 0; items && i < contents->count; i++)
    there |= !strcmp(items[i].manifest_descriptor.digest, content->manifest_descriptor.digest);
  if (!items || there) {
    ctd_image_content_free(content);
    return items ? 0 : ctd_error_nomem(err);
  }
  items[contents->count++] = *content;
  return 0;
}

int ctd_image_load_platforms(const struct ctd_descriptor *target, const json_t *platforms, const char *fallback,
                             const struct ctd_image_source *source, struct ctd_image_contents *out,
                             struct ctd_error *err) {
  size_t count = platforms ? json_array_size(platforms) : 1;
  memset(out, 0, sizeof *out);
  for (size_t i = 0; i < count; i++) {
    const char *platform = platforms ? json_string_value(json_array_get(platforms, i)) : fallback;
    struct ctd_image_content content;
    if (!ctd_image_load(target, platform, source, &content, err) && !contents_add(out, &content, err))
      continue;
    ctd_image_contents_free(out);
    return -1;
  }
  return 0;
}

/* What goes with an artifact's manifest in the place of a config. */
static int load_blob(const struct load *load, const struct ctd_descriptor *descriptor, struct ctd_error *err) {
  struct ctd_buffer bytes = {0};
  int result = load->source->read(load->source->context, descriptor, CTD_CONFIG_LIMIT, &bytes, err);
  if (!result)
    result = load_keep(load, descriptor, &bytes, NULL, err);
  ctd_buffer_free(&bytes);
  return result;
}

static int load_rest(const struct load *load, struct ctd_error *err) {
  if (!ctd_media_type_is_config(load->out->manifest.config.media_type))
    return load_blob(load, &load->out->manifest.config, err);
  return load_config(load, err) ? -1 : chain_id(load->out, err);
}

static int all_load(const struct ctd_image_source *source, const struct ctd_descriptor *descriptor, int depth,
                    struct ctd_image_contents *out, struct ctd_error *err);

static int index_load(const struct ctd_image_source *source, const struct ctd_manifest *index, int depth,
                      struct ctd_image_contents *out, struct ctd_error *err) {
  for (size_t i = 0; i < index->manifest_count; i++) {
    const char *media_type = index->manifests[i].media_type;
    bool known = ctd_media_type_is_manifest(media_type) || ctd_media_type_is_index(media_type);
    if (known && all_load(source, &index->manifests[i], depth + 1, out, err))
      return -1;
  }
  return 0;
}

static int all_load(const struct ctd_image_source *source, const struct ctd_descriptor *descriptor, int depth,
                    struct ctd_image_contents *out, struct ctd_error *err) {
  struct ctd_image_content content = {0};
  const struct load load = {.source = source, .out = &content};
  if (depth == DEPTH_LIMIT)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "more than %d indexes in each other", DEPTH_LIMIT);
  int result = ctd_descriptor_copy(&content.manifest_descriptor, descriptor, err);
  if (!result)
    result = load_manifest(&load, descriptor, &content.manifest, err);
  if (!result && content.manifest.is_index)
    result = index_load(source, &content.manifest, depth, out, err);
  else if (!result)
    result = load_rest(&load, err);
  if (!result && !content.manifest.is_index)
    return contents_add(out, &content, err);
  ctd_image_content_free(&content);
  return result;
}

int ctd_image_load_all(const struct ctd_descriptor *target, const struct ctd_image_source *source,
                       struct ctd_image_contents *out, struct ctd_error *err) {
  memset(out, 0, sizeof *out);
  if (!all_load(source, target, 0, out, err))
    return 0;
  ctd_image_contents_free(out);
  return -1;
}
