/*
 * Image configurations: what a container of the image runs, and of which layers it consists.
 * https://github.com/opencontainers/image-spec/blob/v1.1.0/config.md
 */
#ifndef CTD_OCI_IMAGE_CONFIG_H
#define CTD_OCI_IMAGE_CONFIG_H

#include "oci/platform.h"
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* All pointers are borrowed from `document`, which the struct owns; what the config doesn't say is NULL. */
struct ctd_image_config {
  json_t *document;
  struct ctd_platform platform;
  const char *user, *working_dir, *stop_signal;
  json_t *env, *entrypoint, *cmd; /* arrays of strings */
  json_t *labels;                 /* object of strings */
  json_t *volumes;                /* object; its keys are paths */
  json_t *diff_ids;               /* array of digests, lowest layer first */
};

/*
 * Parses a config of OCI or Docker. CTD_INVALID_ARGUMENT for what isn't one; *out is written on success only and
 * the caller frees it.
 */
int ctd_image_config_parse(struct ctd_image_config *out, const char *data, size_t size, struct ctd_error *err);

/* Frees what the struct owns and zeroes it; a zeroed one is fine. */
void ctd_image_config_free(struct ctd_image_config *config);

/* Whether the image runs on `wanted`; CTD_UNSUPPORTED_PLATFORM if not. */
int ctd_image_config_check_platform(const struct ctd_image_config *config, const struct ctd_platform *wanted,
                                    struct ctd_error *err);

/*
 * The chain ids that name the snapshots of layers: C0 = D0, Cn = sha256("C(n-1) Dn") over the diff ids. *out is an
 * array of `json_array_size(diff_ids)` strings, NULL for none.
 */
int ctd_chain_ids(char ***out, const json_t *diff_ids, struct ctd_error *err);
void ctd_chain_ids_free(char **chain_ids, size_t count);

#ifdef __cplusplus
}
#endif

#endif
