/* Devices of a container: https://github.com/opencontainers/runtime-spec/blob/v1.2.0/config-linux.md#devices */
#ifndef CTD_OCI_RUNTIME_DEVICE_H
#define CTD_OCI_RUNTIME_DEVICE_H

#include "base/error.h"

/*
 * Adds devices to the spec, and for each a rule that allows its use. `devices` is an array of strings,
 * "/dev/host[:/dev/container][:rwm]", and of objects with the spec's keys: path, type, major, minor, fileMode, uid,
 * gid. A directory stands for the devices in and below it. CTD_NOT_FOUND: there is none; CTD_INVALID_ARGUMENT.
 */
int ctd_runtime_devices_add(json_t *spec, const json_t *devices, struct ctd_error *err);

/* Adds all devices of this host, without rules. */
int ctd_runtime_devices_add_host(json_t *spec, struct ctd_error *err);

/* Adds rules: an array of objects with the spec's keys and of strings, "c 1:3 rwm" or "b *:* r", which allow. */
int ctd_runtime_device_rules_add(json_t *spec, const json_t *rules, struct ctd_error *err);

#endif
