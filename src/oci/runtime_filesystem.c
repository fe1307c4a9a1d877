#include "base/json.h"
#include "oci/runtime_mount.h"
#include "oci/runtime_option.h"
#include "oci/runtime_spec.h"
#include <string.h>

static int apply_mounts(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  return options->mounts ? ctd_runtime_mounts_add(spec, options->mounts, err) : 0;
}

/* Adds the comma-separated words of `text`. */
static int add_words(json_t *list, const char *text, struct ctd_error *err) {
  while (*text) {
    size_t length = strcspn(text, ",");
    if (length && ctd_json_add(list, json_stringn(text, length), err))
      return -1;
    text += length + (text[length] == ',');
  }
  return 0;
}

static int tmpfs_add(json_t *mounts, const char *text, struct ctd_error *err) {
  json_error_t problem;
  size_t length = strcspn(text, ":");
  if (*text != '/')
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "tmpfs: \"%s\": want \"/path[:options]\"", text);
  json_t *mount = json_pack_ex(&problem, 0, "{s:s%, s:s, s:s, s:[s, s, s]}", "destination", text, length, "type",
                               "tmpfs", "source", "tmpfs", "options", "nosuid", "noexec", "nodev");
  if (!mount && json_error_code(&problem) == json_error_invalid_utf8)
    return ctd_runtime_option_invalid("tmpfs", "UTF-8", err);
  if (ctd_json_add(mounts, mount, err))
    return -1;
  return add_words(json_object_get(mount, "options"), text + length + (text[length] == ':'), err);
}

static int apply_tmpfs(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  json_t *mounts, *value;
  size_t i;
  if (!options->tmpfs)
    return 0;
  if (!ctd_runtime_option_is_strings(options->tmpfs))
    return ctd_runtime_option_invalid("tmpfs", "an array of \"/path[:options]\"", err);
  if (!(mounts = ctd_runtime_option_array(spec, "", "mounts", err)))
    return -1;
  json_array_foreach(options->tmpfs, i, value) {
    if (tmpfs_add(mounts, json_string_value(value), err))
      return -1;
  }
  return 0;
}

static int put_paths(json_t *spec, const char *option, const char *key, const json_t *paths, struct ctd_error *err) {
  json_t *value;
  size_t i;
  if (!paths)
    return 0;
  if (!ctd_runtime_option_is_strings(paths))
    return ctd_runtime_option_invalid(option, "an array of absolute paths", err);
  json_array_foreach(paths, i, value) {
    if (*json_string_value(value) != '/')
      return ctd_runtime_option_invalid(option, "an array of absolute paths", err);
  }
  return ctd_runtime_option_put(spec, "linux", key, json_copy((json_t *)paths), err);
}

static int apply_masked_paths(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  return put_paths(spec, "masked_paths", "maskedPaths", options->masked_paths, err);
}

static int apply_readonly_paths(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  return put_paths(spec, "readonly_paths", "readonlyPaths", options->readonly_paths, err);
}

static int apply_rootfs_propagation(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  static const char *const words[] = {"private",  "slave",  "shared",  "unbindable",
                                      "rprivate", "rslave", "rshared", "runbindable"};
  enum { COUNT = sizeof words / sizeof *words };
  const char *word = options->rootfs_propagation;
  if (!word)
    return 0;
  for (size_t i = 0; i < COUNT; i++)
    if (!strcmp(word, words[i]))
      return ctd_runtime_option_put_string(spec, "linux", "rootfsPropagation", word, err);
  return ctd_runtime_option_unknown("rootfs_propagation", word, words, COUNT, err);
}

static int apply_readonly(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  return options->readonly ? ctd_runtime_option_put(spec, "root", "readonly", json_true(), err) : 0;
}

const ctd_runtime_applier ctd_runtime_filesystem[] = {
    apply_mounts, apply_tmpfs, apply_masked_paths, apply_readonly_paths, apply_rootfs_propagation, apply_readonly, NULL,
};
