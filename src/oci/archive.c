#include "oci/archive.h"
#include "base/buffer.h"
#include "base/json.h"
#include "oci/reference.h"
#include <stdlib.h>
#include <string.h>

static bool are_strings(const json_t *array) {
  bool all = true;
  for (size_t i = 0; all && i < json_array_size(array); i++)
    all = json_is_string(json_array_get(array, i));
  return all;
}

static int docker_image_check(const json_t *image, struct ctd_error *err) {
  const char *config;
  json_t *layers, *tags;
  if (!json_is_object(image))
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "an image is not an object");
  if (ctd_json_string(image, "Config", &config, err) || ctd_json_array(image, "Layers", &layers, err) ||
      ctd_json_array(image, "RepoTags", &tags, err))
    return -1;
  if (!config)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "an image has no \"Config\"");
  if (!are_strings(layers) || !are_strings(tags))
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "\"Layers\" and \"RepoTags\" are arrays of strings");
  return 0;
}

static int docker_images_check(const json_t *images, struct ctd_error *err) {
  if (!json_is_array(images))
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "not an array");
  for (size_t i = 0; i < json_array_size(images); i++)
    if (docker_image_check(json_array_get(images, i), err))
      return -1;
  return 0;
}

int ctd_docker_manifest_parse(json_t **out, const char *data, size_t size, struct ctd_error *err) {
  json_t *images;
  if (ctd_json_parse(&images, data, size, "manifest.json", err))
    return -1;
  if (docker_images_check(images, err)) {
    json_decref(images);
    return ctd_error_prefix(err, "manifest.json");
  }
  *out = images;
  return 0;
}

int ctd_layout_check(const char *data, size_t size, struct ctd_error *err) {
  json_t *layout;
  const char *version;
  if (ctd_json_parse(&layout, data, size, "oci-layout", err))
    return -1;
  int result = ctd_json_string(layout, "imageLayoutVersion", &version, err);
  if (result)
    ctd_error_prefix(err, "oci-layout");
  else if (!version || strcmp(version, "1.0.0") != 0)
    result = ctd_error_set(err, CTD_INVALID_ARGUMENT, "oci-layout: version \"%s\" instead of \"1.0.0\"",
                           version ? version : "");
  json_decref(layout);
  return result;
}

/* Cuts the last part off the first `length` bytes; the new length. */
static size_t path_up(const char *path, size_t length) {
  while (length && path[length - 1] != '/')
    length--;
  return length ? length - 1 : 0;
}

/* Appends the parts of `path` to those that `out` has, which holds enough. False if that leads out. */
static bool path_join(char *out, size_t *length, const char *path) {
  while (*path) {
    size_t size = strcspn(path, "/");
    if (size == 2 && !memcmp(path, "..", 2)) {
      if (!*length)
        return false;
      *length = path_up(out, *length);
    } else if (size && !(size == 1 && *path == '.')) {
      if (*length)
        out[(*length)++] = '/';
      memcpy(out + *length, path, size);
      *length += size;
    }
    path += size;
    path += *path == '/';
  }
  out[*length] = '\0';
  return true;
}

int ctd_archive_path(char **out, const char *base, const char *path, struct ctd_error *err) {
  size_t length = base ? path_up(base, strlen(base)) : 0;
  char *joined = malloc(length + strlen(path) + 2);
  if (!joined)
    return ctd_error_nomem(err);
  memcpy(joined, base ? base : "", length);
  if (*path != '/' && path_join(joined, &length, path)) {
    *out = joined;
    return 0;
  }
  free(joined);
  return ctd_error_set(err, CTD_INVALID_ARGUMENT, "the path \"%s\" leads out of the archive", path);
}

/* Not within a word: "docker.io/lib" is no prefix of "docker.io/library". */
static bool has_prefix(const char *name, const char *prefix) {
  size_t length = strlen(prefix);
  return !strncmp(name, prefix, length) && strchr("/:@", name[length]);
}

int ctd_archive_name(char **out, const json_t *annotations, const char *prefix, bool only_prefix,
                     struct ctd_error *err) {
  const char *name = json_string_value(json_object_get(annotations, CTD_ANNOTATION_IMAGE_NAME));
  *out = NULL;
  if (name && *name)
    return ctd_copy_string(out, name, err);
  name = json_string_value(json_object_get(annotations, CTD_ANNOTATION_REF_NAME));
  if (!name || !*name)
    return 0;
  if (!prefix)
    return ctd_copy_string(out, name, err);
  if (strpbrk(name, "/:@"))
    return only_prefix && !has_prefix(name, prefix) ? 0 : ctd_copy_string(out, name, err);
  *out = ctd_format(err, "%s:%s", prefix, name);
  return *out ? 0 : -1;
}

const char *ctd_archive_tag(const char *name) {
  const char *path = strchr(name, '/');
  const char *separator = path ? strpbrk(path, ":@") : NULL;
  return separator ? separator + 1 : name;
}

int ctd_archive_familiar(char **out, const char *name, struct ctd_error *err) {
  struct ctd_reference reference;
  *out = NULL;
  if (ctd_reference_parse(&reference, name, err)) {
    if (err->code != CTD_INVALID_ARGUMENT)
      return -1;
    ctd_error_clear(err);
    return 0;
  }
  bool hub = !strcmp(reference.domain, "docker.io");
  bool library = hub && !strncmp(reference.path, "library/", 8) && !strchr(reference.path + 8, '/');
  *out = ctd_format(err, "%s%s%s%s%s%s%s", hub ? "" : reference.domain, hub ? "" : "/",
                    reference.path + (library ? 8 : 0), reference.tag ? ":" : "", reference.tag ? reference.tag : "",
                    reference.digest ? "@" : "", reference.digest ? reference.digest : "");
  ctd_reference_free(&reference);
  return *out ? 0 : -1;
}

static json_t *platform_json(const struct ctd_platform *platform) {
  json_t *object = json_pack("{s:s, s:s}", "architecture", platform->architecture, "os", platform->os);
  if (object && *platform->variant && json_object_set_new(object, "variant", json_string(platform->variant))) {
    json_decref(object);
    return NULL;
  }
  return object;
}

static int descriptor_fill(json_t *object, const struct ctd_descriptor *descriptor, struct ctd_error *err) {
  if (ctd_json_put(object, "mediaType", json_string(descriptor->media_type), err) ||
      ctd_json_put(object, "digest", json_string(descriptor->digest), err) ||
      ctd_json_put(object, "size", json_integer(descriptor->size), err))
    return -1;
  if (json_array_size(descriptor->urls) && ctd_json_put(object, "urls", json_incref(descriptor->urls), err))
    return -1;
  if (json_object_size(descriptor->annotations) &&
      ctd_json_put(object, "annotations", json_incref(descriptor->annotations), err))
    return -1;
  return descriptor->has_platform ? ctd_json_put(object, "platform", platform_json(&descriptor->platform), err) : 0;
}

int ctd_archive_descriptor(json_t **out, const struct ctd_descriptor *descriptor, struct ctd_error *err) {
  json_t *object = json_object();
  if (!object)
    return ctd_error_nomem(err);
  if (descriptor_fill(object, descriptor, err)) {
    json_decref(object);
    return -1;
  }
  *out = object;
  return 0;
}
