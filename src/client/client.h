/*
 * A client: a connection to one daemon, in one namespace, perhaps under one lease. It is cheap, immutable and shared by
 * reference; clients for other namespaces or leases share its connection. Any thread may use it.
 *
 * Errors of this floor: the message says what was being done to what, and the innermost operation that names its object
 * also names the namespace; `op` is the operation that the user called.
 */
#ifndef CTD_CLIENT_CLIENT_H
#define CTD_CLIENT_CLIENT_H

#include "base/clock.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CTD_DEFAULT_ADDRESS "/run/containerd/containerd.sock"
#define CTD_DEFAULT_NAMESPACE "default"
#define CTD_DEFAULT_RUNTIME "io.containerd.runc.v2"
#define CTD_DEFAULT_SNAPSHOTTER "overlayfs"
#define CTD_DEFAULT_HOSTS_DIR "/etc/containerd/certs.d"

struct ctd_client;
struct ctd_target; /* rpc/channel.h */

/* All strings are copied; NULL means the default. */
struct ctd_client_options {
  const char *address;     /* a path, or unix://path; default CTD_DEFAULT_ADDRESS */
  const char *ns;          /* default CTD_DEFAULT_NAMESPACE */
  const char *platform;    /* "os/arch[/variant]"; default this host's */
  const char *runtime;     /* default: the namespace's label containerd.io/defaults/runtime, then CTD_DEFAULT_RUNTIME */
  const char *snapshotter; /* default: the namespace's label containerd.io/defaults/snapshotter, then overlayfs */
  const char *hosts_dir;   /* certs.d; default /etc/containerd/certs.d */
};

/* Connects and asks the daemon's version once. The caller unrefs *out. */
int ctd_client_connect(struct ctd_client **out, const struct ctd_client_options *options, struct ctd_scope *scope,
                       struct ctd_error *err);

struct ctd_client *ctd_client_ref(struct ctd_client *client);
void ctd_client_unref(struct ctd_client *client); /* NULL is fine */

/* The same client in another namespace (its lease doesn't go along), or under a lease. The caller unrefs *out. */
int ctd_client_with_namespace(struct ctd_client *client, const char *name, struct ctd_client **out,
                              struct ctd_error *err);
int ctd_client_with_lease(struct ctd_client *client, const char *lease, struct ctd_client **out, struct ctd_error *err);

/* Borrowed from the client. */
const struct ctd_target *ctd_client_target(const struct ctd_client *client);
const char *ctd_client_address(const struct ctd_client *client);
const char *ctd_client_namespace(const struct ctd_client *client);
const char *ctd_client_lease(const struct ctd_client *client);       /* NULL: none */
const char *ctd_client_platform(const struct ctd_client *client);    /* NULL: this host's */
const char *ctd_client_runtime(const struct ctd_client *client);     /* as given when connecting, or NULL */
const char *ctd_client_snapshotter(const struct ctd_client *client); /* as given when connecting, or NULL */
const char *ctd_client_hosts_dir(const struct ctd_client *client);
const char *ctd_client_version(const struct ctd_client *client); /* of the daemon when connecting: "1.7.24~ds1" */

/* What the daemon says it is. The caller frees it. */
struct ctd_version {
  char *version, *revision;
};
int ctd_client_get_version(struct ctd_client *client, struct ctd_scope *scope, struct ctd_version *out,
                           struct ctd_error *err);
void ctd_version_free(struct ctd_version *version);

/* Whether the daemon is this or a later generation: (1, 7). */
bool ctd_client_at_least(const struct ctd_client *client, int major, int minor);

/*
 * Gives *err its `op` and "<op> <object>" in front of its message, the object by a format; with the namespace unless
 * the message names it already. Returns −1, so that operations end with `return ctd_client_failed(…)`.
 */
int ctd_client_failed(const struct ctd_client *client, struct ctd_error *err, const char *op, const char *object, ...)
    __attribute__((format(printf, 4, 5)));

/* 0 if `id` is a valid identifier of containerd (namespaces, containers, leases); else CTD_INVALID_ARGUMENT. */
int ctd_identifier_check(const char *what, const char *id, struct ctd_error *err);

#ifdef __cplusplus
}
#endif

#endif
