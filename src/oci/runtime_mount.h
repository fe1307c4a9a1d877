/* Mounts of a container: https://github.com/opencontainers/runtime-spec/blob/v1.2.0/config.md#mounts */
#ifndef CTD_OCI_RUNTIME_MOUNT_H
#define CTD_OCI_RUNTIME_MOUNT_H

#include "base/error.h"

/*
 * Appends mounts to the spec's. `mounts` is an array of strings, see below, and of objects with the spec's keys:
 * destination (absolute), type, source, options, uidMappings, gidMappings. One without a type is a bind mount,
 * recursive unless its options say otherwise. CTD_INVALID_ARGUMENT names the mount by its position.
 */
int ctd_runtime_mounts_add(json_t *spec, const json_t *mounts, struct ctd_error *err);

/*
 * A mount from "/source:/destination[:options]": a bind mount with comma-separated options ("ro,rprivate"), recursive
 * and writable unless they say otherwise. The caller owns *out.
 */
int ctd_runtime_mount_parse(json_t **out, const char *text, struct ctd_error *err);

#endif
