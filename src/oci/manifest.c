#include "oci/manifest.h"
#include "base/buffer.h"
#include "base/json.h"
#include <stdlib.h>
#include <string.h>

static bool has(const json_t *document, const char *key) {
  return json_object_get(document, key) != NULL;
}

/*
 * A document with the members of both kinds is an index to one reader and a manifest to another (CVE-2021-41190): the
 * kind that the descriptor names is the only one that it may be.
 */
static int check_kind(const json_t *document, bool is_index, struct ctd_error *err) {
  const char *own;
  int64_t version;
  if (!json_is_object(document))
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "not an object");
  if (ctd_json_string(document, "mediaType", &own, err) || ctd_json_int(document, "schemaVersion", &version, 2, err))
    return -1;
  if (has(document, "fsLayers") || version != 2)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "only schema version 2 is supported");
  if (!is_index && (has(document, "manifests") || (own && ctd_media_type_is_index(own))))
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "an index where a manifest is expected");
  if (is_index && (has(document, "config") || has(document, "layers") || (own && ctd_media_type_is_manifest(own))))
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "a manifest where an index is expected");
  return 0;
}

static int list_read(struct ctd_descriptor **out, size_t *count, const json_t *document, const char *key,
                     struct ctd_error *err) {
  json_t *list;
  if (ctd_json_array(document, key, &list, err))
    return -1;
  if (!list)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "no \"%s\"", key);
  size_t size = json_array_size(list);
  if (size && !(*out = calloc(size, sizeof **out)))
    return ctd_error_nomem(err);
  for (; *count < size; ++*count)
    if (ctd_descriptor_from_json(*out + *count, json_array_get(list, *count), err))
      return ctd_error_prefix(err, "\"%s\"", key);
  return 0;
}

static int manifest_read(struct ctd_manifest *manifest, const json_t *document, struct ctd_error *err) {
  json_t *config;
  if (manifest->is_index)
    return list_read(&manifest->manifests, &manifest->manifest_count, document, "manifests", err);
  if (ctd_json_object(document, "config", &config, err))
    return -1;
  if (!config)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "no \"config\"");
  if (ctd_descriptor_from_json(&manifest->config, config, err))
    return ctd_error_prefix(err, "\"config\"");
  return list_read(&manifest->layers, &manifest->layer_count, document, "layers", err);
}

static int extras_read(struct ctd_manifest *manifest, const json_t *document, struct ctd_error *err) {
  json_t *subject, *annotations, *value;
  const char *key;
  if (ctd_json_object(document, "subject", &subject, err) ||
      ctd_json_object(document, "annotations", &annotations, err))
    return -1;
  manifest->has_subject = subject != NULL;
  if (subject && ctd_descriptor_from_json(&manifest->subject, subject, err))
    return ctd_error_prefix(err, "\"subject\"");
  json_object_foreach(annotations, key, value) {
    if (!json_is_string(value))
      return ctd_error_set(err, CTD_INVALID_ARGUMENT, "annotation \"%s\" is not a string", key);
  }
  manifest->annotations = json_incref(annotations);
  return 0;
}

int ctd_manifest_parse(struct ctd_manifest *out, const char *media_type, const char *data, size_t size,
                       struct ctd_error *err) {
  struct ctd_manifest manifest = {.is_index = ctd_media_type_is_index(media_type)};
  json_t *document = NULL;
  int result = -1;
  if (!manifest.is_index && !ctd_media_type_is_manifest(media_type))
    return ctd_error_set(err, CTD_UNIMPLEMENTED, "neither an image manifest nor an index: \"%s\"", media_type);
  if (ctd_json_parse(&document, data, size, manifest.is_index ? "index" : "manifest", err))
    return -1;
  if (check_kind(document, manifest.is_index, err) || manifest_read(&manifest, document, err) ||
      extras_read(&manifest, document, err)) {
    ctd_error_prefix(err, manifest.is_index ? "index" : "manifest");
    goto out;
  }
  *out = manifest;
  memset(&manifest, 0, sizeof manifest);
  result = 0;
out:
  ctd_manifest_free(&manifest);
  json_decref(document);
  return result;
}

static void list_free(struct ctd_descriptor *list, size_t count) {
  for (size_t i = 0; i < count; i++)
    ctd_descriptor_free(&list[i]);
  free(list);
}

void ctd_manifest_free(struct ctd_manifest *manifest) {
  ctd_descriptor_free(&manifest->config);
  ctd_descriptor_free(&manifest->subject);
  list_free(manifest->layers, manifest->layer_count);
  list_free(manifest->manifests, manifest->manifest_count);
  json_decref(manifest->annotations);
  memset(manifest, 0, sizeof *manifest);
}

static int no_match(const struct ctd_manifest *index, const struct ctd_platform *wanted, struct ctd_error *err) {
  char text[CTD_PLATFORM_TEXT_SIZE];
  struct ctd_buffer list = {0};
  for (size_t i = 0; i < index->manifest_count; i++) {
    ctd_platform_format(&index->manifests[i].platform, text);
    if (ctd_buffer_printf(&list, err, "%s%s", i ? ", " : "", text))
      goto out;
  }
  ctd_platform_format(wanted, text);
  ctd_error_set(err, CTD_UNSUPPORTED_PLATFORM, "no match for platform %s in the index; it has %s", text,
                list.data ? list.data : "nothing");
out:
  ctd_buffer_free(&list);
  return -1;
}

int ctd_manifest_select(const struct ctd_manifest *index, const struct ctd_platform *wanted,
                        const struct ctd_descriptor **out, struct ctd_error *err) {
  const struct ctd_descriptor *best = NULL;
  int best_rank = 0;
  for (size_t i = 0; i < index->manifest_count; i++) {
    const struct ctd_descriptor *entry = &index->manifests[i];
    int rank = entry->has_platform ? ctd_platform_rank(wanted, &entry->platform) : INT32_MAX;
    if (rank < 0 || (best && rank >= best_rank))
      continue;
    best = entry;
    best_rank = rank;
  }
  *out = best;
  return best ? 0 : no_match(index, wanted, err);
}
