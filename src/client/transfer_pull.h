/* A pull that the daemon does by itself. */
#ifndef CTD_CLIENT_TRANSFER_PULL_H
#define CTD_CLIENT_TRANSFER_PULL_H

#include "client/pull.h"
#include "oci/reference.h"

/*
 * As ctd_pull. CTD_UNIMPLEMENTED, before anything is fetched, if the daemon has no such service or can't do what the
 * options ask for.
 */
int ctd_transfer_pull(struct ctd_client *client, const struct ctd_reference *reference,
                      const struct ctd_pull_options *options, struct ctd_scope *scope, struct ctd_image **out,
                      struct ctd_error *err);

#endif
