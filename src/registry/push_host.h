/* Which host is pushed to. */
#ifndef CTD_REGISTRY_PUSH_HOST_H
#define CTD_REGISTRY_PUSH_HOST_H

#include "registry/registry.h"

/* Asks the first host that may be pushed to: `what` is done by `ask`, whose `context` knows the host by *host. */
int ctd_push_run(struct ctd_registry *registry, struct ctd_scope *scope, const char *what, size_t *host,
                 ctd_attempt_fn ask, void *context, struct ctd_error *err);

#endif
