#include "client/remap.h"
#include "base/buffer.h"
#include "client/introspection.h"
#include "client/lease_resource.h"
#include "client/mount_attach.h"
#include "client/owners.h"
#include "client/unique.h"
#include "oci/id_maps.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long removing an unfinished snapshot may take, in seconds. What isn't removed goes with the lease. */
#define REMOVE_TIMEOUT 10.0

struct remap {
  struct ctd_client *client;
  const char *snapshotter, *chain_id;
  json_t *uids, *gids; /* owned */
  struct ctd_scope *scope;
};

static bool has_capability(const Containerd__Services__Introspection__V1__PluginsResponse *reply, const char *name) {
  for (size_t i = 0; i < reply->n_plugins; i++)
    for (size_t k = 0; k < reply->plugins[i]->n_capabilities; k++)
      if (!strcmp(reply->plugins[i]->capabilities[k], name))
        return true;
  return false;
}

/* Whether the snapshotter shows files with other owners. Before 2.1 it does so for one range of ids alone. */
static int is_able(const struct remap *remap, bool *out, struct ctd_error *err) {
  Containerd__Services__Introspection__V1__PluginsResponse *reply;
  bool single = json_array_size(remap->uids) == 1 && json_array_size(remap->gids) == 1;
  char *filter = ctd_format(err, "type==io.containerd.snapshotter.v1,id==%s", remap->snapshotter);
  *out = false;
  if (!filter)
    return -1;
  int result = ctd_introspection_plugins(remap->client, (const char *const[]){filter}, 1, &reply, remap->scope, err);
  free(filter);
  if (result)
    return -1;
  *out = has_capability(reply, "remap-ids") && (single || ctd_client_at_least(remap->client, 2, 1));
  protobuf_c_message_free_unpacked(&reply->base, NULL);
  return 0;
}

static int set_label(struct ctd_labels *labels, const char *key, const json_t *maps, struct ctd_error *err) {
  char *text = ctd_id_maps_text(maps, err);
  int result = text ? ctd_labels_set(labels, key, text, err) : -1;
  free(text);
  return result;
}

/* The name that the Go client gives it, where that says all: "<chain id>-<uid>-<gid>". */
static char *copy_name(const struct remap *remap, struct ctd_error *err) {
  char *uids = ctd_id_maps_text(remap->uids, err), *gids = ctd_id_maps_text(remap->gids, err), *name = NULL;
  long long uid, gid;
  int end = 0;
  if (uids && gids) {
    bool plain = sscanf(uids, "0:%lld:65536%n", &uid, &end) == 1 && end && !uids[end];
    end = 0;
    plain = plain && sscanf(gids, "0:%lld:65536%n", &gid, &end) == 1 && end && !gids[end];
    name = plain ? ctd_format(err, "%s-%lld-%lld", remap->chain_id, uid, gid)
                 : ctd_format(err, "%s-%s-%s", remap->chain_id, uids, gids);
  }
  free(uids);
  free(gids);
  return name;
}

static int change_owners(void *context, const char *root, struct ctd_error *err) {
  const struct remap *remap = context;
  return ctd_owners_change(root, remap->uids, remap->gids, remap->scope, err);
}

static void active_remove(const struct remap *remap, const char *key) {
  struct ctd_error ignored = {0};
  struct ctd_scope scope;
  ctd_scope_init(&scope, REMOVE_TIMEOUT);
  ctd_snapshot_remove(remap->client, remap->snapshotter, key, &scope, &ignored);
  ctd_error_clear(&ignored);
}

/* Somebody else may have been faster; then their copy is as good as this one. */
static int active_commit(const struct remap *remap, const char *key, const char *name, struct ctd_error *err) {
  static const struct ctd_labels none;
  if (!ctd_snapshot_commit(remap->client, remap->snapshotter, name, key, &none, remap->scope, err))
    return 0;
  active_remove(remap, key);
  if (err->code != CTD_ALREADY_EXISTS)
    return -1;
  ctd_error_clear(err);
  return 0;
}

static int copy_make(struct remap *remap, const char *name, struct ctd_error *err) {
  static const struct ctd_labels none;
  struct ctd_mounts mounts = {0};
  char unique[CTD_UNIQUE_SIZE];
  ctd_unique(unique);
  char *key = ctd_format(err, "%s-remap-%s", name, unique);
  if (!key)
    return -1;
  int result =
      ctd_snapshot_prepare(remap->client, remap->snapshotter, key, remap->chain_id, &none, &mounts, remap->scope, err);
  if (!result) {
    result = ctd_mount_apart(&mounts, change_owners, remap, err);
    if (result)
      active_remove(remap, key);
    else
      result = active_commit(remap, key, name, err);
  }
  ctd_mounts_free(&mounts);
  free(key);
  return result;
}

static int copy_find(struct remap *remap, char **parent, struct ctd_error *err) {
  bool exists;
  *parent = copy_name(remap, err);
  if (!*parent || ctd_lease_hold_snapshot(remap->client, remap->snapshotter, *parent, &exists, remap->scope, err))
    return -1;
  return exists || !copy_make(remap, *parent, err) ? 0 : ctd_error_prefix(err, "give files to the user namespace");
}

static int find(struct remap *remap, struct ctd_labels *labels, char **parent, struct ctd_error *err) {
  bool able;
  if (is_able(remap, &able, err))
    return -1;
  if (!able)
    return copy_find(remap, parent, err);
  if (set_label(labels, "containerd.io/snapshot/uidmapping", remap->uids, err) ||
      set_label(labels, "containerd.io/snapshot/gidmapping", remap->gids, err))
    return -1;
  return ctd_copy_string(parent, remap->chain_id, err);
}

int ctd_remap_parent(struct ctd_client *client, const char *snapshotter, const char *chain_id, const json_t *uid_maps,
                     const json_t *gid_maps, struct ctd_scope *scope, struct ctd_labels *labels, char **parent,
                     struct ctd_error *err) {
  struct remap remap = {client, snapshotter, chain_id, NULL, NULL, scope};
  int result = -1;
  *parent = NULL;
  if (!ctd_id_maps_read(&remap.uids, "uid_maps", uid_maps, err)) {
    if (!ctd_id_maps_read(&remap.gids, "gid_maps", gid_maps, err)) {
      result = find(&remap, labels, parent, err);
      json_decref(remap.gids);
    }
    json_decref(remap.uids);
  }
  if (!result)
    return 0;
  free(*parent);
  *parent = NULL;
  return -1;
}
