/*
 * The refs of content that are being fetched by this process, so that each blob is fetched once: who comes second waits
 * until the first has done, without asking the daemon over and over whether the ref is still locked.
 */
#ifndef CTD_CLIENT_REF_CLAIM_H
#define CTD_CLIENT_REF_CLAIM_H

#include "client/client.h"

/* The caller's own, on its stack. */
struct ctd_ref_claim {
  const struct ctd_target *target; /* borrowed, as the ref is */
  const char *ref;
  struct ctd_ref_claim *next;
};

/* Waits until nobody else of this process has claimed the ref in the client's namespace; on success, release it. */
int ctd_ref_claim(struct ctd_ref_claim *claim, struct ctd_client *client, const char *ref, struct ctd_scope *scope,
                  struct ctd_error *err);
void ctd_ref_release(struct ctd_ref_claim *claim);

#endif
