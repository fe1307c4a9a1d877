/*
 * Which ids of the host the ids in a user namespace are: a JSON array of {containerID, hostID, size}, as the runtime
 * spec has it. https://github.com/opencontainers/runtime-spec/blob/v1.2.0/config-linux.md#user-namespace-mappings
 */
#ifndef CTD_OCI_ID_MAPS_H
#define CTD_OCI_ID_MAPS_H

#include "base/error.h"
#include <stdint.h>

/* Of such objects and of "containerID:hostID:size", of which `option` has at least one. The caller owns *out. */
int ctd_id_maps_read(json_t **out, const char *option, const json_t *given, struct ctd_error *err);

/* What an id in the namespace is outside; one that isn't mapped is itself. */
uint32_t ctd_id_maps_host(const json_t *maps, uint32_t id);

/* "containerID:hostID:size,…"; NULL when memory is short. The caller frees it. */
char *ctd_id_maps_text(const json_t *maps, struct ctd_error *err);

#endif
