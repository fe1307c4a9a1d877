/* The blobs of a push: threads that send them. */
#ifndef CTD_CLIENT_PUSH_BLOBS_H
#define CTD_CLIENT_PUSH_BLOBS_H

#include "client/pull_report.h"
#include "client/push_items.h"

/* What a push and its threads share; all borrowed. */
struct ctd_push_shared {
  struct ctd_client *client;
  struct ctd_registry *registry;
  struct ctd_scope *scope; /* the push's own: it is cancelled when a blob fails */
  struct ctd_pull_report *report;
  int64_t chunk_size;
};

/* Sends them all, at most `concurrency` at once, and returns when that is done or one has failed. */
int ctd_push_blobs(const struct ctd_push_shared *shared, const struct ctd_push_items *items, int concurrency,
                   struct ctd_error *err);

#endif
