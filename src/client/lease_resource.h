/* What a lease keeps. */
#ifndef CTD_CLIENT_LEASE_RESOURCE_H
#define CTD_CLIENT_LEASE_RESOURCE_H

#include "client/client.h"

#ifdef __cplusplus
extern "C" {
#endif

/* `type` is "content", "ingests", "images" (from 2.0 on) or "snapshots/<snapshotter>"; `id` a digest, ref, name or key.
 */
struct ctd_lease_resource {
  const char *type, *id;
};
struct ctd_lease_resources {
  struct ctd_lease_resource *items; /* one block, with the strings */
  size_t count;
};

/* One RPC each; `id` is the lease's. CTD_NOT_FOUND if there is no such lease. The caller frees out->items. */
int ctd_lease_resources(struct ctd_client *client, const char *id, struct ctd_scope *scope,
                        struct ctd_lease_resources *out, struct ctd_error *err);

/* The daemon takes any id, of what exists or is still to come; a type that it doesn't know is an error. */
int ctd_lease_add(struct ctd_client *client, const char *id, const struct ctd_lease_resource *resource,
                  struct ctd_scope *scope, struct ctd_error *err);

/* Removing what the lease doesn't keep is fine. */
int ctd_lease_remove(struct ctd_client *client, const char *id, const struct ctd_lease_resource *resource,
                     struct ctd_scope *scope, struct ctd_error *err);

/*
 * Has the client's own lease keep a snapshot, and then tells whether there is one: it won't be collected while
 * something is built on it. The client is under a lease.
 */
int ctd_lease_hold_snapshot(struct ctd_client *client, const char *snapshotter, const char *key, bool *exists,
                            struct ctd_scope *scope, struct ctd_error *err);

#ifdef __cplusplus
}
#endif

#endif
