#include "oci/image_config.h"
#include "base/buffer.h"
#include "base/json.h"
#include "base/sha256.h"
#include <stdlib.h>
#include <string.h>

static int strings_read(json_t **out, const json_t *object, const char *key, struct ctd_error *err) {
  json_t *value;
  size_t i;
  if (ctd_json_array(object, key, out, err))
    return -1;
  json_array_foreach(*out, i, value) {
    if (!json_is_string(value))
      return ctd_error_set(err, CTD_INVALID_ARGUMENT, "\"%s\" holds what is no string", key);
  }
  return 0;
}

static int labels_read(json_t **out, const json_t *object, struct ctd_error *err) {
  const char *key;
  json_t *value;
  if (ctd_json_object(object, "Labels", out, err))
    return -1;
  json_object_foreach(*out, key, value) {
    if (!json_is_string(value))
      return ctd_error_set(err, CTD_INVALID_ARGUMENT, "label \"%s\" is not a string", key);
  }
  return 0;
}

static int process_read(struct ctd_image_config *config, struct ctd_error *err) {
  json_t *process;
  if (ctd_json_object(config->document, "config", &process, err))
    return -1;
  if (ctd_json_string(process, "User", &config->user, err) ||
      ctd_json_string(process, "WorkingDir", &config->working_dir, err) ||
      ctd_json_string(process, "StopSignal", &config->stop_signal, err) ||
      strings_read(&config->env, process, "Env", err) ||
      strings_read(&config->entrypoint, process, "Entrypoint", err) ||
      strings_read(&config->cmd, process, "Cmd", err) || labels_read(&config->labels, process, err))
    return -1;
  return ctd_json_object(process, "Volumes", &config->volumes, err);
}

static int layers_read(struct ctd_image_config *config, struct ctd_error *err) {
  json_t *rootfs, *value;
  const char *type;
  size_t i;
  if (ctd_json_object(config->document, "rootfs", &rootfs, err) || ctd_json_string(rootfs, "type", &type, err) ||
      strings_read(&config->diff_ids, rootfs, "diff_ids", err))
    return -1;
  if (!config->diff_ids || (type && strcmp(type, "layers") != 0))
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "\"rootfs\" doesn't list layers");
  json_array_foreach(config->diff_ids, i, value) {
    if (!ctd_digest_valid(json_string_value(value)))
      return ctd_error_set(err, CTD_INVALID_ARGUMENT, "diff id %zu is not a digest", i);
  }
  return 0;
}

int ctd_image_config_parse(struct ctd_image_config *out, const char *data, size_t size, struct ctd_error *err) {
  struct ctd_image_config config = {0};
  if (ctd_json_parse(&config.document, data, size, "image config", err))
    return -1;
  if (!json_is_object(config.document)) {
    ctd_image_config_free(&config);
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "image config: not an object");
  }
  if (ctd_platform_from_json(&config.platform, config.document, err) || process_read(&config, err) ||
      layers_read(&config, err)) {
    ctd_image_config_free(&config);
    return ctd_error_prefix(err, "image config");
  }
  *out = config;
  return 0;
}

void ctd_image_config_free(struct ctd_image_config *config) {
  json_decref(config->document);
  memset(config, 0, sizeof *config);
}

int ctd_image_config_check_platform(const struct ctd_image_config *config, const struct ctd_platform *wanted,
                                    struct ctd_error *err) {
  char image_text[CTD_PLATFORM_TEXT_SIZE], wanted_text[CTD_PLATFORM_TEXT_SIZE];
  if (ctd_platform_rank(wanted, &config->platform) >= 0)
    return 0;
  ctd_platform_format(&config->platform, image_text);
  ctd_platform_format(wanted, wanted_text);
  return ctd_error_set(err, CTD_UNSUPPORTED_PLATFORM, "the image is for platform %s, not for %s", image_text,
                       wanted_text);
}

static int chain_id(char **out, const char *parent, const char *diff_id, struct ctd_error *err) {
  char text[2 * 136 + 2], digest[CTD_DIGEST_SIZE]; /* a sha512 digest is 135 bytes long */
  if (!parent)
    return ctd_copy_string(out, diff_id, err);
  int length = snprintf(text, sizeof text, "%s %s", parent, diff_id);
  if (ctd_sha256_of(text, (size_t)length, digest, err))
    return -1;
  return ctd_copy_string(out, digest, err);
}

int ctd_chain_ids(char ***out, const json_t *diff_ids, struct ctd_error *err) {
  size_t count = json_array_size(diff_ids);
  char **ids = NULL;
  *out = NULL;
  if (count && !(ids = calloc(count, sizeof *ids)))
    return ctd_error_nomem(err);
  for (size_t i = 0; i < count; i++) {
    const char *diff_id = json_string_value(json_array_get(diff_ids, i));
    if (chain_id(&ids[i], i ? ids[i - 1] : NULL, diff_id, err)) {
      ctd_chain_ids_free(ids, count);
      return -1;
    }
  }
  *out = ids;
  return 0;
}

void ctd_chain_ids_free(char **chain_ids, size_t count) {
  for (size_t i = 0; chain_ids && i < count; i++)
    free(chain_ids[i]);
  free(chain_ids);
}
