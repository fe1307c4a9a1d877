#include "oci/descriptor.h"
#include "base/buffer.h"
#include "base/json.h"
#include "base/sha256.h"
#include <stdlib.h>
#include <string.h>

int ctd_descriptor_make(struct ctd_descriptor *out, const char *media_type, const char *digest, int64_t size,
                        struct ctd_error *err) {
  struct ctd_descriptor made = {.size = size};
  if (!media_type || !*media_type)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "descriptor without a media type");
  if (!digest || !ctd_digest_valid(digest))
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "descriptor with an invalid digest: \"%s\"", digest ? digest : "");
  if (size < 0)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "descriptor of %s: negative size", digest);
  if (ctd_copy_string(&made.media_type, media_type, err) || ctd_copy_string(&made.digest, digest, err)) {
    ctd_descriptor_free(&made);
    return -1;
  }
  *out = made;
  return 0;
}

static int annotations_read(json_t **out, const json_t *object, struct ctd_error *err) {
  json_t *annotations, *value;
  const char *key;
  if (ctd_json_object(object, "annotations", &annotations, err))
    return -1;
  json_object_foreach(annotations, key, value) {
    if (!json_is_string(value))
      return ctd_error_set(err, CTD_INVALID_ARGUMENT, "annotation \"%s\" is not a string", key);
  }
  *out = json_incref(annotations);
  return 0;
}

static int urls_read(json_t **out, const json_t *object, struct ctd_error *err) {
  json_t *urls, *value;
  size_t i;
  if (ctd_json_array(object, "urls", &urls, err))
    return -1;
  json_array_foreach(urls, i, value) {
    if (!json_is_string(value))
      return ctd_error_set(err, CTD_INVALID_ARGUMENT, "\"urls\" holds what is no string");
  }
  *out = json_incref(urls);
  return 0;
}

static int platform_read(struct ctd_descriptor *descriptor, const json_t *object, struct ctd_error *err) {
  json_t *platform;
  if (ctd_json_object(object, "platform", &platform, err))
    return -1;
  descriptor->has_platform = platform != NULL;
  return platform ? ctd_platform_from_json(&descriptor->platform, platform, err) : 0;
}

int ctd_descriptor_from_json(struct ctd_descriptor *out, const json_t *object, struct ctd_error *err) {
  struct ctd_descriptor read = {0};
  const char *media_type, *digest;
  int64_t size;
  if (!json_is_object(object))
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "descriptor is not an object");
  if (ctd_json_string(object, "mediaType", &media_type, err) || ctd_json_string(object, "digest", &digest, err) ||
      ctd_json_int(object, "size", &size, -1, err))
    return -1;
  if (ctd_descriptor_make(&read, media_type, digest, size, err))
    return -1;
  if (platform_read(&read, object, err) || annotations_read(&read.annotations, object, err) ||
      urls_read(&read.urls, object, err)) {
    ctd_error_prefix(err, "descriptor of %s", read.digest);
    ctd_descriptor_free(&read);
    return -1;
  }
  *out = read;
  return 0;
}

int ctd_descriptor_copy(struct ctd_descriptor *out, const struct ctd_descriptor *from, struct ctd_error *err) {
  struct ctd_descriptor copy = *from;
  copy.annotations = json_incref(from->annotations);
  copy.urls = json_incref(from->urls);
  copy.digest = NULL;
  if (ctd_copy_string(&copy.media_type, from->media_type, err) || ctd_copy_string(&copy.digest, from->digest, err)) {
    ctd_descriptor_free(&copy);
    return -1;
  }
  *out = copy;
  return 0;
}

void ctd_descriptor_free(struct ctd_descriptor *descriptor) {
  free(descriptor->media_type);
  free(descriptor->digest);
  json_decref(descriptor->annotations);
  json_decref(descriptor->urls);
  memset(descriptor, 0, sizeof *descriptor);
}

static bool one_of(const char *media_type, const char *const *list, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (!strcmp(media_type, list[i]))
      return true;
  return false;
}

#define ONE_OF(media_type, list) one_of(media_type, list, sizeof(list) / sizeof *(list))

bool ctd_media_type_is_index(const char *media_type) {
  static const char *const indexes[] = {"application/vnd.oci.image.index.v1+json",
                                        "application/vnd.docker.distribution.manifest.list.v2+json"};
  return ONE_OF(media_type, indexes);
}

bool ctd_media_type_is_manifest(const char *media_type) {
  static const char *const manifests[] = {"application/vnd.oci.image.manifest.v1+json",
                                          "application/vnd.docker.distribution.manifest.v2+json"};
  return ONE_OF(media_type, manifests);
}

bool ctd_media_type_is_config(const char *media_type) {
  static const char *const configs[] = {"application/vnd.oci.image.config.v1+json",
                                        "application/vnd.docker.container.image.v1+json"};
  return ONE_OF(media_type, configs);
}

static bool has_prefix(const char *text, const char *prefix) {
  return !strncmp(text, prefix, strlen(prefix));
}

bool ctd_media_type_is_layer(const char *media_type) {
  static const char *const layers[] = {
      "application/vnd.docker.image.rootfs.diff.tar",
      "application/vnd.docker.image.rootfs.diff.tar.gzip",
      "application/vnd.docker.image.rootfs.diff.tar.zstd",
      "application/vnd.erofs.layer.v1",
  };
  return has_prefix(media_type, "application/vnd.oci.image.layer.") || ONE_OF(media_type, layers) ||
         ctd_media_type_is_foreign(media_type);
}

bool ctd_media_type_is_foreign(const char *media_type) {
  static const char *const foreign[] = {"application/vnd.docker.image.rootfs.foreign.diff.tar",
                                        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"};
  return has_prefix(media_type, "application/vnd.oci.image.layer.nondistributable.") || ONE_OF(media_type, foreign);
}

static const char *kind(const char *media_type) {
  if (ctd_media_type_is_index(media_type))
    return "index";
  if (ctd_media_type_is_manifest(media_type))
    return "manifest";
  if (ctd_media_type_is_config(media_type))
    return "config";
  if (ctd_media_type_is_layer(media_type))
    return "layer";
  return strcmp(media_type, "application/vnd.in-toto+json") ? "unknown" : "attestation";
}

int ctd_descriptor_ref(char **out, const struct ctd_descriptor *descriptor, struct ctd_error *err) {
  const char *name = json_string_value(json_object_get(descriptor->annotations, "org.opencontainers.image.ref.name"));
  *out =
      ctd_format(err, "%s-%s%s%s", kind(descriptor->media_type), name ? name : "", name ? "@" : "", descriptor->digest);
  return *out ? 0 : -1;
}
