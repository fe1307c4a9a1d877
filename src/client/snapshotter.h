/*
 * A snapshotter's service, as scripts use it: each function is one call, and gives the daemon's answer as it is. Shared
 * by reference. Failures name the operation, the snapshot and the namespace.
 */
#ifndef CTD_CLIENT_SNAPSHOTTER_H
#define CTD_CLIENT_SNAPSHOTTER_H

#include "client/client.h"
#include "client/labels.h"
#include "snapshots.pb-c.h"

struct ctd_snapshotter;

/* `name` NULL: the client's, the namespace's, or containerd's default. The caller unrefs *out. */
int ctd_snapshotter_new(struct ctd_snapshotter **out, struct ctd_client *client, const char *name,
                        struct ctd_scope *scope, struct ctd_error *err);

struct ctd_snapshotter *ctd_snapshotter_ref(struct ctd_snapshotter *snapshotter);
void ctd_snapshotter_unref(struct ctd_snapshotter *snapshotter); /* NULL is fine */

const char *ctd_snapshotter_name(const struct ctd_snapshotter *snapshotter); /* borrowed */

/* The caller frees *reply with protobuf_c_message_free_unpacked. `parent` NULL: on nothing. */
int ctd_snapshotter_prepare(struct ctd_snapshotter *snapshotter, const char *key, const char *parent,
                            const struct ctd_labels *labels, ProtobufCMessage **reply, struct ctd_scope *scope,
                            struct ctd_error *err);
int ctd_snapshotter_view(struct ctd_snapshotter *snapshotter, const char *key, const char *parent,
                         const struct ctd_labels *labels, ProtobufCMessage **reply, struct ctd_scope *scope,
                         struct ctd_error *err);
int ctd_snapshotter_mounts(struct ctd_snapshotter *snapshotter, const char *key, ProtobufCMessage **reply,
                           struct ctd_scope *scope, struct ctd_error *err);
int ctd_snapshotter_stat(struct ctd_snapshotter *snapshotter, const char *key, ProtobufCMessage **reply,
                         struct ctd_scope *scope, struct ctd_error *err);
int ctd_snapshotter_usage(struct ctd_snapshotter *snapshotter, const char *key, ProtobufCMessage **reply,
                          struct ctd_scope *scope, struct ctd_error *err);

/* Sets these labels and leaves the others; one whose value is "" is removed. */
int ctd_snapshotter_update(struct ctd_snapshotter *snapshotter, const char *key, const struct ctd_labels *labels,
                           ProtobufCMessage **reply, struct ctd_scope *scope, struct ctd_error *err);

int ctd_snapshotter_commit(struct ctd_snapshotter *snapshotter, const char *name, const char *key,
                           const struct ctd_labels *labels, struct ctd_scope *scope, struct ctd_error *err);
int ctd_snapshotter_remove(struct ctd_snapshotter *snapshotter, const char *key, struct ctd_scope *scope,
                           struct ctd_error *err);
int ctd_snapshotter_cleanup(struct ctd_snapshotter *snapshotter, struct ctd_scope *scope, struct ctd_error *err);

/*
 * Mounts an active snapshot or a view on a directory, as ctd_mount_attach does. What was mounted when the scope ended
 * is taken away again. Not one RPC.
 */
int ctd_snapshotter_mount(struct ctd_snapshotter *snapshotter, const char *key, const char *path,
                          struct ctd_scope *scope, struct ctd_error *err);

/* Takes away what ctd_snapshotter_mount, of any snapshotter, has mounted there. No RPC. */
int ctd_snapshotter_unmount(struct ctd_snapshotter *snapshotter, const char *path, struct ctd_error *err);

/* All snapshots, however many: the daemon sends them in several messages. */
struct ctd_snapshot_list {
  Containerd__Services__Snapshots__V1__ListSnapshotsResponse **items;
  size_t count;
};
int ctd_snapshotter_list(struct ctd_snapshotter *snapshotter, const char *const *filters, size_t filter_count,
                         struct ctd_snapshot_list *out, struct ctd_scope *scope, struct ctd_error *err);
void ctd_snapshot_list_free(struct ctd_snapshot_list *list);

#endif
