#include "client/archive_docker.h"
#include "base/json.h"
#include "client/content_walk.h"
#include "client/image_load.h"
#include "oci/archive.h"
#include "oci/reference.h"
#include <stdlib.h>
#include <string.h>

#define DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define DOCKER_CONFIG "application/vnd.docker.container.image.v1+json"
#define DOCKER_LAYER "application/vnd.docker.image.rootfs.diff.tar"
#define DOCKER_LAYER_GZIP "application/vnd.docker.image.rootfs.diff.tar.gzip"

struct docker {
  struct ctd_client *client;
  const struct ctd_archive_files *files;
  struct ctd_scope *scope;
  json_t *entries; /* of the index */
};

static int file_find(const struct docker *docker, const char *what, const char *path,
                     const struct ctd_archive_file **out, struct ctd_error *err) {
  char *clean = NULL;
  if (ctd_archive_path(&clean, NULL, path, err))
    return -1;
  *out = ctd_archive_files_find(docker->files, clean);
  free(clean);
  return *out ? 0 : ctd_error_set(err, CTD_INVALID_ARGUMENT, "%s %s is not in the archive", what, path);
}

static int descriptor_add(json_t *array, const struct ctd_descriptor *descriptor, struct ctd_error *err) {
  json_t *object = NULL;
  return ctd_archive_descriptor(&object, descriptor, err) ? -1 : ctd_json_add(array, object, err);
}

/* The last of the blobs whose label says that they are this one, compressed. *out has no digest if there is none. */
static int compressed_find(const struct docker *docker, const char *digest, struct ctd_content_info *out,
                           struct ctd_error *err) {
  struct ctd_content_walk *walk = NULL;
  struct ctd_content_info info = {0};
  memset(out, 0, sizeof *out);
  char *filter = ctd_format(err, "labels.\"containerd.io/uncompressed\"==\"%s\"", digest);
  int result = filter ? ctd_content_walk_new(&walk, docker->client, (const char *const[]){filter}, 1, err) : -1;
  while (!result) {
    result = ctd_content_walk_next(walk, &info, docker->scope, err);
    if (result || !info.digest)
      break;
    ctd_content_info_free(out);
    *out = info;
  }
  ctd_content_walk_unref(walk);
  free(filter);
  if (result)
    ctd_content_info_free(out);
  return result;
}

static int layer_add(const struct docker *docker, json_t *layers, const char *path, struct ctd_error *err) {
  const struct ctd_archive_file *file;
  struct ctd_content_info stored;
  struct ctd_descriptor layer;
  if (file_find(docker, "layer", path, &file, err) || compressed_find(docker, file->digest, &stored, err))
    return -1;
  bool found = stored.digest != NULL;
  int result = found ? ctd_content_keep(docker->client, stored.digest, docker->scope, err) : 0;
  if (!result)
    result = ctd_descriptor_make(&layer, found || file->compressed ? DOCKER_LAYER_GZIP : DOCKER_LAYER,
                                 found ? stored.digest : file->digest, found ? stored.size : file->size, err);
  ctd_content_info_free(&stored);
  if (result)
    return -1;
  result = descriptor_add(layers, &layer, err);
  ctd_descriptor_free(&layer);
  return result;
}

/* Writes a document and tells what it is. */
static int document_put(const struct docker *docker, const char *media_type, const json_t *document,
                        struct ctd_descriptor *out, struct ctd_error *err) {
  static const struct ctd_labels none = {0};
  char digest[CTD_DIGEST_SIZE], *text = NULL, *ref = NULL;
  int result = ctd_json_dump(document, &text, err);
  size_t size = result ? 0 : strlen(text);
  if (!result)
    result = ctd_sha256_of(text, size, digest, err);
  if (!result && !(ref = ctd_format(err, "manifest-%s", digest)))
    result = -1;
  if (!result)
    result = ctd_content_keep(docker->client, digest, docker->scope, err);
  if (!result)
    result = ctd_content_put(docker->client, ref, digest, text, size, &none, docker->scope, err);
  if (!result)
    result = ctd_descriptor_make(out, media_type, digest, (int64_t)size, err);
  free(ref);
  free(text);
  return result;
}

static int platform_read(const struct docker *docker, const struct ctd_archive_file *config,
                         struct ctd_descriptor *manifest, struct ctd_error *err) {
  struct ctd_buffer text = {0};
  struct ctd_image_config parsed = {0};
  int result = ctd_content_read(docker->client, config->digest, CTD_CONFIG_LIMIT, docker->scope, &text, err);
  if (!result)
    result = ctd_image_config_parse(&parsed, text.data, text.size, err);
  if (!result && (!*parsed.platform.os || !*parsed.platform.architecture))
    result = ctd_error_set(err, CTD_INVALID_ARGUMENT, "it doesn't say for which os and architecture the image is");
  manifest->platform = parsed.platform;
  manifest->has_platform = true;
  ctd_image_config_free(&parsed);
  ctd_buffer_free(&text);
  return result ? ctd_error_prefix(err, "config %s", config->path) : 0;
}

static int manifest_fill(const struct docker *docker, const json_t *image, const struct ctd_archive_file *config,
                         json_t *manifest, json_t *layers, struct ctd_error *err) {
  struct ctd_descriptor descriptor;
  json_t *object = NULL, *path;
  size_t i;
  if (ctd_descriptor_make(&descriptor, DOCKER_CONFIG, config->digest, config->size, err))
    return -1;
  int result = ctd_archive_descriptor(&object, &descriptor, err);
  ctd_descriptor_free(&descriptor);
  if (result || ctd_json_put(manifest, "schemaVersion", json_integer(2), err) ||
      ctd_json_put(manifest, "mediaType", json_string(DOCKER_MANIFEST), err) ||
      ctd_json_put(manifest, "config", object, err) || ctd_json_put(manifest, "layers", json_incref(layers), err))
    return -1;
  json_array_foreach(json_object_get(image, "Layers"), i, path) {
    if (layer_add(docker, layers, json_string_value(path), err))
      return -1;
  }
  return 0;
}

static int manifest_make(const struct docker *docker, const json_t *image, struct ctd_descriptor *out,
                         struct ctd_error *err) {
  const struct ctd_archive_file *config;
  json_t *manifest = json_object(), *layers = json_array();
  int result = manifest && layers ? 0 : ctd_error_nomem(err);
  if (!result)
    result = file_find(docker, "config", json_string_value(json_object_get(image, "Config")), &config, err);
  if (!result)
    result = manifest_fill(docker, image, config, manifest, layers, err);
  if (!result)
    result = document_put(docker, DOCKER_MANIFEST, manifest, out, err);
  json_decref(layers);
  json_decref(manifest);
  if (!result && platform_read(docker, config, out, err)) {
    ctd_descriptor_free(out);
    return -1;
  }
  return result;
}

/* An entry of the index for one name. */
static int tag_add(const struct docker *docker, const struct ctd_descriptor *manifest, const char *tag,
                   struct ctd_error *err) {
  struct ctd_descriptor named = *manifest;
  struct ctd_reference reference;
  if (ctd_reference_parse(&reference, tag, err))
    return ctd_error_prefix(err, "manifest.json: name %s", tag);
  named.annotations = json_pack("{s:s, s:s}", CTD_ANNOTATION_IMAGE_NAME, reference.name, CTD_ANNOTATION_REF_NAME,
                                ctd_archive_tag(reference.name));
  int result = named.annotations ? descriptor_add(docker->entries, &named, err) : ctd_error_nomem(err);
  json_decref(named.annotations);
  ctd_reference_free(&reference);
  return result;
}

static int image_add(const struct docker *docker, const json_t *image, struct ctd_error *err) {
  struct ctd_descriptor manifest;
  const json_t *tags = json_object_get(image, "RepoTags");
  if (manifest_make(docker, image, &manifest, err))
    return -1;
  int result = json_array_size(tags) ? 0 : descriptor_add(docker->entries, &manifest, err);
  for (size_t i = 0; !result && i < json_array_size(tags); i++)
    result = tag_add(docker, &manifest, json_string_value(json_array_get(tags, i)), err);
  ctd_descriptor_free(&manifest);
  return result;
}

static int index_write(const struct docker *docker, struct ctd_descriptor *out, struct ctd_error *err) {
  json_t *index = json_pack("{s:i, s:O}", "schemaVersion", 2, "manifests", docker->entries);
  if (!index)
    return ctd_error_nomem(err);
  int result = document_put(docker, CTD_OCI_INDEX, index, out, err);
  json_decref(index);
  return result;
}

int ctd_archive_docker_index(struct ctd_descriptor *out, struct ctd_client *client,
                             const struct ctd_archive_files *files, struct ctd_scope *scope, struct ctd_error *err) {
  struct docker docker = {.client = client, .files = files, .scope = scope, .entries = json_array()};
  json_t *images = NULL, *image;
  size_t i;
  int result = docker.entries ? 0 : ctd_error_nomem(err);
  if (!result)
    result = ctd_docker_manifest_parse(&images, files->manifest.data, files->manifest.size, err);
  json_array_foreach(images, i, image) {
    if (!result)
      result = image_add(&docker, image, err);
  }
  if (!result)
    result = index_write(&docker, out, err);
  json_decref(images);
  json_decref(docker.entries);
  return result;
}
