#include "oci/runtime_options.h"
#include "base/buffer.h"
#include "base/json.h"
#include "base/nearest.h"
#include "oci/runtime_option.h"
#include "oci/runtime_spec.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_LONGEST = 1 << 20 };

int ctd_runtime_option_invalid(const char *option, const char *want, struct ctd_error *err) {
  return ctd_error_set(err, CTD_INVALID_ARGUMENT, "%s: want %s", option, want);
}

int ctd_runtime_option_unknown(const char *option, const char *word, const char *const *words, size_t count,
                               struct ctd_error *err) {
  const char *nearest = ctd_nearest(word, words, count);
  return ctd_error_set(err, CTD_INVALID_ARGUMENT, "%s: unknown \"%s\"%s%s%s", option, word,
                       nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

bool ctd_runtime_option_is_strings(const json_t *list) {
  json_t *value;
  size_t i;
  json_array_foreach(list, i, value) {
    if (!json_is_string(value))
      return false;
  }
  return json_is_array(list);
}

int ctd_runtime_option_put(json_t *spec, const char *path, const char *key, json_t *value, struct ctd_error *err) {
  json_t *object = ctd_runtime_spec_at(spec, path, err);
  if (object)
    return ctd_json_put(object, key, value, err);
  json_decref(value);
  return -1;
}

int ctd_runtime_option_put_string(json_t *spec, const char *path, const char *key, const char *text,
                                  struct ctd_error *err) {
  json_error_t problem;
  json_t *value = json_pack_ex(&problem, 0, "s", text);
  if (value)
    return ctd_runtime_option_put(spec, path, key, value, err);
  return json_error_code(&problem) == json_error_invalid_utf8 ? ctd_runtime_option_invalid(key, "UTF-8", err)
                                                              : ctd_error_nomem(err);
}

json_t *ctd_runtime_option_array(json_t *spec, const char *path, const char *key, struct ctd_error *err) {
  json_t *object = ctd_runtime_spec_at(spec, path, err), *array;
  if (!object || ctd_json_array(object, key, &array, err))
    return NULL;
  if (!array && ctd_json_put(object, key, json_array(), err))
    return NULL;
  return json_object_get(object, key);
}

static int file_fill(FILE *file, char **out, struct ctd_error *err) {
  char *text = malloc(FILE_LONGEST + 1);
  if (!text)
    return ctd_error_nomem(err);
  size_t size = fread(text, 1, FILE_LONGEST + 1, file);
  int failed = ferror(file) ? errno : 0;
  if (!failed && size <= FILE_LONGEST && !memchr(text, '\0', size)) {
    text[size] = '\0';
    *out = text;
    return 0;
  }
  free(text);
  if (failed)
    return ctd_error_errno(err, failed, "it can't be read");
  return ctd_error_set(err, CTD_INVALID_ARGUMENT, "want a text of at most 1 MiB");
}

int ctd_runtime_option_read(const char *option, const char *path, char **out, struct ctd_error *err) {
  FILE *file = fopen(path, "re");
  if (!file)
    return ctd_error_errno(err, errno, "%s: %s", option, path);
  int result = file_fill(file, out, err);
  fclose(file);
  return result ? ctd_error_prefix(err, "%s: %s", option, path) : 0;
}

/* The one option that needs the image's config. */
static int apply_args(json_t *spec, const struct ctd_runtime_options *options, const struct ctd_image_config *config,
                      struct ctd_error *err) {
  if (!options->args && !options->command)
    return 0;
  if (options->args && options->command)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "args and command: give one of them");
  if (options->args && !ctd_runtime_option_is_strings(options->args))
    return ctd_runtime_option_invalid("args", "an array of strings", err);
  if (options->command && !ctd_runtime_option_is_strings(options->command))
    return ctd_runtime_option_invalid("command", "an array of strings", err);
  if (options->args)
    return ctd_runtime_spec_put_args(spec, NULL, options->args, err);
  return ctd_runtime_spec_put_args(spec, config ? config->entrypoint : NULL, options->command, err);
}

int ctd_runtime_options_apply(json_t *spec, const struct ctd_runtime_options *options,
                              const struct ctd_image_config *config, struct ctd_error *err) {
  /* In this order: what is asked for by itself has the last word over what `privileged` stands for. */
  const ctd_runtime_applier *const groups[] = {ctd_runtime_privileges, ctd_runtime_process, ctd_runtime_identity,
                                               ctd_runtime_filesystem, ctd_runtime_resources};
  if (apply_args(spec, options, config, err))
    return -1;
  for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
    for (const ctd_runtime_applier *apply = groups[i]; *apply; apply++)
      if ((*apply)(spec, options, err))
        return -1;
  return 0;
}
