#include "client/lease.h"
#include "client/any.h"
#include "client/unique.h"
#include "leases.pb-c.h"
#include "rpc/call.h"
#include <stdlib.h>

/* How long ending a lease may take, in seconds. */
#define END_TIMEOUT 5.0

typedef Containerd__Services__Leases__V1__CreateRequest CreateRequest;
typedef Containerd__Services__Leases__V1__DeleteRequest DeleteRequest;

static int lease_create(struct ctd_client *client, const char *id, struct ctd_scope *scope, struct ctd_error *err) {
  CreateRequest request = CONTAINERD__SERVICES__LEASES__V1__CREATE_REQUEST__INIT;
  struct ctd_labels labels = {0};
  char expiry[32];
  int result = -1;
  ctd_format_time(ctd_now_epoch() + CTD_LEASE_EXPIRY, expiry, sizeof expiry);
  request.id = (char *)id;
  if (ctd_labels_set(&labels, "containerd.io/gc.expire", expiry, err) ||
      ctd_map_from_labels(&labels, &containerd__services__leases__v1__create_request__labels_entry__descriptor,
                          &request.labels, &request.n_labels, err))
    goto out;
  result = ctd_call(ctd_client_target(client), "/containerd.services.leases.v1.Leases/Create", &request.base, NULL,
                    NULL, scope, err);
out:
  free(request.labels);
  ctd_labels_free(&labels);
  return result;
}

static void lease_delete(struct ctd_client *client, const char *id) {
  DeleteRequest request = CONTAINERD__SERVICES__LEASES__V1__DELETE_REQUEST__INIT;
  struct ctd_scope scope;
  struct ctd_error ignored = {0};
  ctd_scope_init(&scope, END_TIMEOUT);
  request.id = (char *)id;
  ctd_call(ctd_client_target(client), "/containerd.services.leases.v1.Leases/Delete", &request.base, NULL, NULL, &scope,
           &ignored);
  ctd_error_clear(&ignored);
}

int ctd_lease_begin(struct ctd_client *client, struct ctd_client **out, struct ctd_scope *scope,
                    struct ctd_error *err) {
  char id[CTD_UNIQUE_SIZE];
  *out = NULL;
  if (ctd_client_lease(client)) {
    *out = ctd_client_ref(client);
    return 0;
  }
  ctd_unique(id);
  if (!lease_create(client, id, scope, err) && !ctd_client_with_lease(client, id, out, err))
    return 0;
  lease_delete(client, id); /* a call that was cancelled may have come through */
  return ctd_error_prefix(err, "create a lease");
}

void ctd_lease_end(struct ctd_client *client, struct ctd_client *leased) {
  if (leased && !ctd_client_lease(client))
    lease_delete(client, ctd_client_lease(leased));
  ctd_client_unref(leased);
}
