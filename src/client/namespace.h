/* Namespaces and the defaults that their labels give (containerd.services.namespaces.v1). */
#ifndef CTD_CLIENT_NAMESPACE_H
#define CTD_CLIENT_NAMESPACE_H

#include "client/client.h"

/*
 * A default of the client's namespace: its label `key`, "containerd.io/defaults/snapshotter", or `fallback` where it
 * has none or doesn't exist. The caller frees *out.
 */
int ctd_namespace_default(struct ctd_client *client, const char *key, const char *fallback, char **out,
                          struct ctd_scope *scope, struct ctd_error *err);

/*
 * The snapshotter or runtime for an operation: `wanted`, the client's own, the namespace's default, containerd's.
 * The caller frees *out.
 */
int ctd_choose_snapshotter(struct ctd_client *client, const char *wanted, char **out, struct ctd_scope *scope,
                           struct ctd_error *err);
int ctd_choose_runtime(struct ctd_client *client, const char *wanted, char **out, struct ctd_scope *scope,
                       struct ctd_error *err);

#endif
