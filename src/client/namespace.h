/* Namespaces and the defaults that their labels give (containerd.services.namespaces.v1). */
#ifndef CTD_CLIENT_NAMESPACE_H
#define CTD_CLIENT_NAMESPACE_H

#include "client/client.h"
#include "client/labels.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The snapshotter, runtime or sandboxer for an operation: `wanted`, the client's own (which has none for sandboxes),
 * the namespace's default (its label "containerd.io/defaults/snapshotter"), containerd's. At most one RPC. The caller
 * frees *out.
 */
int ctd_choose_snapshotter(struct ctd_client *client, const char *wanted, char **out, struct ctd_scope *scope,
                           struct ctd_error *err);
int ctd_choose_runtime(struct ctd_client *client, const char *wanted, char **out, struct ctd_scope *scope,
                       struct ctd_error *err);
int ctd_choose_sandboxer(struct ctd_client *client, const char *wanted, char **out, struct ctd_scope *scope,
                         struct ctd_error *err);
/* A snapshotter and a runtime, still with at most one RPC. */
int ctd_choose_both(struct ctd_client *client, const char *wanted_snapshotter, const char *wanted_runtime,
                    char **snapshotter, char **runtime, struct ctd_scope *scope, struct ctd_error *err);

/* What follows is one RPC each, and reaches all namespaces whatever the client's own is. */

struct ctd_namespaces {
  char **names; /* sorted by the daemon */
  size_t count;
};
int ctd_namespace_list(struct ctd_client *client, struct ctd_scope *scope, struct ctd_namespaces *out,
                       struct ctd_error *err);
void ctd_namespaces_free(struct ctd_namespaces *namespaces);

int ctd_namespace_create(struct ctd_client *client, const char *name, const struct ctd_labels *labels,
                         struct ctd_scope *scope, struct ctd_error *err);

/* The caller frees *out. */
int ctd_namespace_labels(struct ctd_client *client, const char *name, struct ctd_scope *scope, struct ctd_labels *out,
                         struct ctd_error *err);

/* Sets these labels and leaves the others alone; an empty value removes one. */
int ctd_namespace_set_labels(struct ctd_client *client, const char *name, const struct ctd_labels *changes,
                             struct ctd_scope *scope, struct ctd_error *err);

/* CTD_FAILED_PRECONDITION while there is something in it. */
int ctd_namespace_delete(struct ctd_client *client, const char *name, struct ctd_scope *scope, struct ctd_error *err);

#ifdef __cplusplus
}
#endif

#endif
