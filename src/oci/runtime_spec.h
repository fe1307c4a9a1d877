/*
 * The OCI runtime spec of a new container: the default that containerd's Go client starts from, and what an image adds.
 * https://github.com/opencontainers/runtime-spec/blob/v1.2.0/config.md
 */
#ifndef CTD_OCI_RUNTIME_SPEC_H
#define CTD_OCI_RUNTIME_SPEC_H

#include "oci/image_config.h"
#include "oci/user.h"

/*
 * The default spec for Linux. `daemon_version` as the daemon tells it ("1.7.24", "v2.1.4") decides ociVersion and the
 * paths that are masked; NULL or one that isn't understood is the newest. The caller owns *out.
 */
int ctd_runtime_spec_new(json_t **out, const char *daemon_version, const char *namespace, const char *id,
                         struct ctd_error *err);

/*
 * Environment, arguments and working directory of the image. The user is put by ctd_runtime_spec_put_user, once it
 * has been looked up in the container's files.
 */
int ctd_runtime_spec_apply_image(json_t *spec, const struct ctd_image_config *config, struct ctd_error *err);

/* The user of a spec's process. The caller frees *out. */
int ctd_runtime_spec_get_user(struct ctd_user *out, const json_t *spec, struct ctd_error *err);
int ctd_runtime_spec_put_user(json_t *spec, const struct ctd_user *user, struct ctd_error *err);

/* The object at "linux.resources", say, made where it's absent. Borrowed; NULL and *err set if that can't be. */
json_t *ctd_runtime_spec_at(json_t *spec, const char *path, struct ctd_error *err);

/*
 * Changes the process's environment by `entries`, an array of strings: "KEY=value" replaces KEY in its place or appends
 * it, "KEY" removes it.
 */
int ctd_runtime_spec_put_env(json_t *spec, const json_t *entries, struct ctd_error *err);

/* Sets the process's arguments: the one list and then the other; both are arrays of strings or NULL. */
int ctd_runtime_spec_put_args(json_t *spec, const json_t *entrypoint, const json_t *command, struct ctd_error *err);

#endif
