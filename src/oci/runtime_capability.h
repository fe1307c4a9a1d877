/* Capabilities of a container's process: capabilities(7). */
#ifndef CTD_OCI_RUNTIME_CAPABILITY_H
#define CTD_OCI_RUNTIME_CAPABILITY_H

#include "base/error.h"

/*
 * Changes the bounding, effective and permitted sets of the spec. Both lists are arrays of names, in any case, with or
 * without "CAP_", or NULL. "ALL" in `drop` empties the sets before anything is added; "ALL" in `add` gives whatever
 * this process's bounding set has, since runc can't give more than the daemon has. A name in both lists is dropped.
 */
int ctd_runtime_capabilities_change(json_t *spec, const json_t *add, const json_t *drop, struct ctd_error *err);

/* Makes the names in `list` the three sets, whatever they were; "ALL" as above. */
int ctd_runtime_capabilities_set(json_t *spec, const json_t *list, struct ctd_error *err);

#endif
