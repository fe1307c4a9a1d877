/* Leases: what keeps content and snapshots from the collector while an operation builds on them. */
#ifndef CTD_CLIENT_LEASE_H
#define CTD_CLIENT_LEASE_H

#include "client/client.h"

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

#endif
