/* Leases: what keeps content and snapshots from the collector (containerd.services.leases.v1). */
#ifndef CTD_CLIENT_LEASE_H
#define CTD_CLIENT_LEASE_H

#include "client/client.h"
#include "client/labels.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How long a lease of an operation outlives a process that died, in seconds. */
#define CTD_LEASE_EXPIRY (24 * 3600.0)

/*
 * Puts an operation under a lease of its own: *out is a client under it (or the client itself, with a reference more,
 * if it has a lease already).
 */
int ctd_lease_begin(struct ctd_client *client, struct ctd_client **out, struct ctd_scope *scope, struct ctd_error *err);

/*
 * Ends it: deletes the lease that ctd_lease_begin made and unrefs `leased`. It has a deadline of its own, so that the
 * lease also goes after a cancel, and reports no error: what is left expires. `leased` NULL is fine.
 */
void ctd_lease_end(struct ctd_client *client, struct ctd_client *leased);

/* A lease as it was when it was made or listed. Immutable and shared by reference. */
struct ctd_lease;

struct ctd_lease *ctd_lease_ref(struct ctd_lease *lease);
void ctd_lease_unref(struct ctd_lease *lease); /* NULL is fine */

/* Borrowed from the lease. */
struct ctd_client *ctd_lease_client(const struct ctd_lease *lease);
const char *ctd_lease_id(const struct ctd_lease *lease);
const struct ctd_labels *ctd_lease_labels(const struct ctd_lease *lease);
double ctd_lease_created(const struct ctd_lease *lease); /* epoch */

struct ctd_lease_options {
  const char *id;           /* NULL: one that nobody else uses */
  struct ctd_labels labels; /* owned by whoever made the options */
  double expires;           /* seconds from now; INFINITY: never */
};

/*
 * Creates a lease, with its expiry in the same call. When the scope ends before it can be given out, it is deleted
 * again. The caller unrefs *out.
 */
int ctd_lease_create(struct ctd_client *client, const struct ctd_lease_options *options, struct ctd_scope *scope,
                     struct ctd_lease **out, struct ctd_error *err);

struct ctd_leases {
  struct ctd_lease **items;
  size_t count;
};

/* Those for which one of the filters holds; without filters all. One RPC. The caller frees *out. */
int ctd_lease_list(struct ctd_client *client, const char *const *filters, size_t filter_count, struct ctd_scope *scope,
                   struct ctd_leases *out, struct ctd_error *err);
void ctd_leases_free(struct ctd_leases *leases);

/* Deletes the lease; with `sync` returns when the collector has removed what it alone kept. One RPC. */
int ctd_lease_delete(struct ctd_client *client, const char *id, bool sync, struct ctd_scope *scope,
                     struct ctd_error *err);

/* 0 if `id` can be a lease's: it travels in a header, so it's printable ASCII. Else CTD_INVALID_ARGUMENT. */
int ctd_lease_check_id(const char *id, struct ctd_error *err);

#ifdef __cplusplus
}
#endif

#endif
