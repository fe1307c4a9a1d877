/* Snapshots: the file systems of images and containers (containerd.services.snapshots.v1). */
#ifndef CTD_CLIENT_SNAPSHOT_H
#define CTD_CLIENT_SNAPSHOT_H

#include "client/client.h"
#include "client/labels.h"

#ifdef __cplusplus
extern "C" {
#endif

struct ctd_mount {
  char *type, *source, *target;
  char **options; /* ended by NULL */
};
struct ctd_mounts {
  struct ctd_mount *items;
  size_t count;
};
void ctd_mounts_free(struct ctd_mounts *mounts);

/* For the files of this floor: mounts for a request, one block for free(), whose strings are borrowed from `mounts`;
 * NULL for none. */
struct Containerd__Types__Mount;
int ctd_mounts_to_messages(const struct ctd_mounts *mounts, struct Containerd__Types__Mount ***out,
                           struct ctd_error *err);

struct ctd_snapshot_info {
  bool active;    /* else a view or committed */
  char *parent;   /* owned; "": none */
  double created; /* epoch */
};
int ctd_snapshot_stat(struct ctd_client *client, const char *snapshotter, const char *key, struct ctd_scope *scope,
                      struct ctd_snapshot_info *out, struct ctd_error *err);
void ctd_snapshot_info_free(struct ctd_snapshot_info *info);

/* The bytes that the snapshot itself takes up, without its parents. */
int ctd_snapshot_usage(struct ctd_client *client, const char *snapshotter, const char *key, struct ctd_scope *scope,
                       int64_t *out, struct ctd_error *err);

/* Whether the snapshot exists (committed or not). −1 on errors other than not found. */
int ctd_snapshot_exists(struct ctd_client *client, const char *snapshotter, const char *key, bool *exists,
                        struct ctd_scope *scope, struct ctd_error *err);

/* Makes a writable snapshot `key` on `parent` ("" or NULL: on nothing). `mounts` NULL: of no interest. */
int ctd_snapshot_prepare(struct ctd_client *client, const char *snapshotter, const char *key, const char *parent,
                         const struct ctd_labels *labels, struct ctd_mounts *mounts, struct ctd_scope *scope,
                         struct ctd_error *err);

/* The same, read-only: a view of `parent`. */
int ctd_snapshot_view(struct ctd_client *client, const char *snapshotter, const char *key, const char *parent,
                      const struct ctd_labels *labels, struct ctd_mounts *mounts, struct ctd_scope *scope,
                      struct ctd_error *err);

int ctd_snapshot_commit(struct ctd_client *client, const char *snapshotter, const char *name, const char *key,
                        const struct ctd_labels *labels, struct ctd_scope *scope, struct ctd_error *err);

int ctd_snapshot_mounts(struct ctd_client *client, const char *snapshotter, const char *key, struct ctd_mounts *out,
                        struct ctd_scope *scope, struct ctd_error *err);

/* Removes a snapshot; one that isn't there is fine. */
int ctd_snapshot_remove(struct ctd_client *client, const char *snapshotter, const char *key, struct ctd_scope *scope,
                        struct ctd_error *err);

#ifdef __cplusplus
}
#endif

#endif
