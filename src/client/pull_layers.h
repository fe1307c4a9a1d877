/* The layers of a pull: threads that fetch their blobs into the daemon, the lowest first. */
#ifndef CTD_CLIENT_PULL_LAYERS_H
#define CTD_CLIENT_PULL_LAYERS_H

#include "client/pull_report.h"
#include "registry/fetch.h"

/* What a pull and its threads share; all borrowed. */
struct ctd_pull_shared {
  struct ctd_client *client; /* under the pull's lease */
  struct ctd_registry *registry;
  const struct ctd_labels *origin; /* says of each blob where it comes from */
  struct ctd_scope *scope;         /* the pull's own: it is cancelled when a part of the pull fails */
  struct ctd_pull_report *report;
};

struct ctd_pull_layers;

/*
 * Starts fetching from the layer `first` on, at most `concurrency` at once. `shared` and `manifest` must live until the
 * caller has freed *out.
 */
int ctd_pull_layers_start(struct ctd_pull_layers **out, const struct ctd_pull_shared *shared,
                          const struct ctd_manifest *manifest, size_t first, int concurrency, struct ctd_error *err);

/* Waits until the daemon has the layer. */
int ctd_pull_layers_await(struct ctd_pull_layers *layers, size_t layer, struct ctd_error *err);

/*
 * Stops and joins the threads; what they haven't fetched isn't fetched any more. If the pull has failed (`err` isn't
 * NULL) because one of them did, that one's error takes the place of *err. `layers` NULL is fine.
 */
void ctd_pull_layers_free(struct ctd_pull_layers *layers, struct ctd_error *err);

#endif
