/* One layer of a pull on its way from a registry into the daemon's content store. */
#ifndef CTD_CLIENT_PULL_LAYER_H
#define CTD_CLIENT_PULL_LAYER_H

#include "client/pull_layers.h"
#include "registry/lines.h"

/* Fetches a layer that the daemon doesn't have, and goes on where an earlier ingest ended. `lines` are the thread's
 * own.
 */
int ctd_pull_layer(const struct ctd_pull_shared *shared, struct ctd_lines *lines, const struct ctd_descriptor *layer,
                   struct ctd_error *err);

#endif
