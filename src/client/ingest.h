/* Ingests: blobs in the making, by their refs (containerd.services.content.v1). */
#ifndef CTD_CLIENT_INGEST_H
#define CTD_CLIENT_INGEST_H

#include "client/client.h"

#ifdef __cplusplus
extern "C" {
#endif

struct Containerd__Services__Content__V1__Status;

struct ctd_ingest {
  char *ref, *expected; /* expected: the digest that was announced, or "" */
  int64_t offset, total;
  double started, updated; /* epoch */
};
struct ctd_ingests {
  struct ctd_ingest *items;
  size_t count;
};

/* One RPC each. The caller frees *out. */
int ctd_ingest_status(struct ctd_client *client, const char *ref, struct ctd_scope *scope, struct ctd_ingest *out,
                      struct ctd_error *err);
int ctd_ingest_list(struct ctd_client *client, const char *const *filters, size_t filter_count, struct ctd_scope *scope,
                    struct ctd_ingests *out, struct ctd_error *err);
void ctd_ingest_free(struct ctd_ingest *ingest);
void ctd_ingests_free(struct ctd_ingests *ingests);

/* Removes an ingest. One RPC. */
int ctd_ingest_abort(struct ctd_client *client, const char *ref, struct ctd_scope *scope, struct ctd_error *err);

#ifdef __cplusplus
}
#endif

#endif
