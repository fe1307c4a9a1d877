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
