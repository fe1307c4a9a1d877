#include "client/snapshotter.h"
#include "base/buffer.h"
#include "client/any.h"
#include "client/mount_attach.h"
#include "client/namespace.h"
#include "rpc/call.h"
#include "rpc/stream.h"
#include <stdlib.h>
#include <string.h>

#define METHOD(name) "/containerd.services.snapshots.v1.Snapshots/" name
#define TYPE(name) &containerd__services__snapshots__v1__##name##__descriptor

typedef Containerd__Services__Snapshots__V1__PrepareSnapshotRequest PrepareRequest;
typedef Containerd__Services__Snapshots__V1__ViewSnapshotRequest ViewRequest;
typedef Containerd__Services__Snapshots__V1__MountsRequest MountsRequest;
typedef Containerd__Services__Snapshots__V1__StatSnapshotRequest StatRequest;
typedef Containerd__Services__Snapshots__V1__UsageRequest UsageRequest;
typedef Containerd__Services__Snapshots__V1__UpdateSnapshotRequest UpdateRequest;
typedef Containerd__Services__Snapshots__V1__CommitSnapshotRequest CommitRequest;
typedef Containerd__Services__Snapshots__V1__RemoveSnapshotRequest RemoveRequest;
typedef Containerd__Services__Snapshots__V1__CleanupRequest CleanupRequest;
typedef Containerd__Services__Snapshots__V1__ListSnapshotsRequest ListRequest;
typedef Containerd__Services__Snapshots__V1__ListSnapshotsResponse ListResponse;

struct ctd_snapshotter {
  atomic_int references;
  struct ctd_client *client;
  char *name;
};

int ctd_snapshotter_new(struct ctd_snapshotter **out, struct ctd_client *client, const char *name,
                        struct ctd_scope *scope, struct ctd_error *err) {
  struct ctd_snapshotter *snapshotter = calloc(1, sizeof *snapshotter);
  *out = NULL;
  if (!snapshotter)
    return ctd_error_nomem(err);
  atomic_init(&snapshotter->references, 1);
  snapshotter->client = ctd_client_ref(client);
  if (ctd_choose_snapshotter(client, name, &snapshotter->name, scope, err)) {
    ctd_snapshotter_unref(snapshotter);
    return ctd_client_failed(client, err, "snapshots", "of the default snapshotter");
  }
  *out = snapshotter;
  return 0;
}

struct ctd_snapshotter *ctd_snapshotter_ref(struct ctd_snapshotter *snapshotter) {
  atomic_fetch_add(&snapshotter->references, 1);
  return snapshotter;
}

void ctd_snapshotter_unref(struct ctd_snapshotter *snapshotter) {
  if (!snapshotter || atomic_fetch_sub(&snapshotter->references, 1) > 1)
    return;
  ctd_client_unref(snapshotter->client);
  free(snapshotter->name);
  free(snapshotter);
}

const char *ctd_snapshotter_name(const struct ctd_snapshotter *snapshotter) {
  return snapshotter->name;
}

/* What is called, how the user calls it, and what answers. */
struct method {
  const char *path, *op;
  const ProtobufCMessageDescriptor *type;
};

static int call(struct ctd_snapshotter *snapshotter, const struct method *method, const char *key,
                const ProtobufCMessage *request, ProtobufCMessage **reply, struct ctd_scope *scope,
                struct ctd_error *err) {
  int result = ctd_call(ctd_client_target(snapshotter->client), method->path, request, method->type, reply, scope, err);
  if (result >= 0)
    return result;
  return ctd_client_failed(snapshotter->client, err, method->op, "snapshot %s of %s", key, snapshotter->name);
}

int ctd_snapshotter_prepare(struct ctd_snapshotter *snapshotter, const char *key, const char *parent,
                            const struct ctd_labels *labels, ProtobufCMessage **reply, struct ctd_scope *scope,
                            struct ctd_error *err) {
  static const struct method method = {METHOD("Prepare"), "prepare", TYPE(prepare_snapshot_response)};
  PrepareRequest request = CONTAINERD__SERVICES__SNAPSHOTS__V1__PREPARE_SNAPSHOT_REQUEST__INIT;
  request.snapshotter = snapshotter->name;
  request.key = (char *)key;
  request.parent = (char *)(parent ? parent : "");
  if (ctd_map_from_labels(labels, TYPE(prepare_snapshot_request__labels_entry), &request.labels, &request.n_labels,
                          err))
    return -1;
  int result = call(snapshotter, &method, key, &request.base, reply, scope, err);
  free(request.labels);
  return result;
}

int ctd_snapshotter_view(struct ctd_snapshotter *snapshotter, const char *key, const char *parent,
                         const struct ctd_labels *labels, ProtobufCMessage **reply, struct ctd_scope *scope,
                         struct ctd_error *err) {
  static const struct method method = {METHOD("View"), "view", TYPE(view_snapshot_response)};
  ViewRequest request = CONTAINERD__SERVICES__SNAPSHOTS__V1__VIEW_SNAPSHOT_REQUEST__INIT;
  request.snapshotter = snapshotter->name;
  request.key = (char *)key;
  request.parent = (char *)(parent ? parent : "");
  if (ctd_map_from_labels(labels, TYPE(view_snapshot_request__labels_entry), &request.labels, &request.n_labels, err))
    return -1;
  int result = call(snapshotter, &method, key, &request.base, reply, scope, err);
  free(request.labels);
  return result;
}

int ctd_snapshotter_mounts(struct ctd_snapshotter *snapshotter, const char *key, ProtobufCMessage **reply,
                           struct ctd_scope *scope, struct ctd_error *err) {
  static const struct method method = {METHOD("Mounts"), "mounts", TYPE(mounts_response)};
  MountsRequest request = CONTAINERD__SERVICES__SNAPSHOTS__V1__MOUNTS_REQUEST__INIT;
  request.snapshotter = snapshotter->name;
  request.key = (char *)key;
  return call(snapshotter, &method, key, &request.base, reply, scope, err);
}

int ctd_snapshotter_stat(struct ctd_snapshotter *snapshotter, const char *key, ProtobufCMessage **reply,
                         struct ctd_scope *scope, struct ctd_error *err) {
  static const struct method method = {METHOD("Stat"), "stat", TYPE(stat_snapshot_response)};
  StatRequest request = CONTAINERD__SERVICES__SNAPSHOTS__V1__STAT_SNAPSHOT_REQUEST__INIT;
  request.snapshotter = snapshotter->name;
  request.key = (char *)key;
  return call(snapshotter, &method, key, &request.base, reply, scope, err);
}

int ctd_snapshotter_usage(struct ctd_snapshotter *snapshotter, const char *key, ProtobufCMessage **reply,
                          struct ctd_scope *scope, struct ctd_error *err) {
  static const struct method method = {METHOD("Usage"), "usage", TYPE(usage_response)};
  UsageRequest request = CONTAINERD__SERVICES__SNAPSHOTS__V1__USAGE_REQUEST__INIT;
  request.snapshotter = snapshotter->name;
  request.key = (char *)key;
  return call(snapshotter, &method, key, &request.base, reply, scope, err);
}

static void paths_free(char **paths, size_t count) {
  for (size_t i = 0; paths && i < count; i++)
    free(paths[i]);
  free(paths);
}

/* "labels.<key>" of each. The caller frees it with paths_free. */
static int label_paths(const struct ctd_labels *labels, char ***out, struct ctd_error *err) {
  char **paths = calloc(labels->count + 1, sizeof(char *));
  if (!paths)
    return ctd_error_nomem(err);
  for (size_t i = 0; i < labels->count; i++)
    if (!(paths[i] = ctd_format(err, "labels.%s", labels->items[i].key))) {
      paths_free(paths, i);
      return -1;
    }
  *out = paths;
  return 0;
}

int ctd_snapshotter_update(struct ctd_snapshotter *snapshotter, const char *key, const struct ctd_labels *labels,
                           ProtobufCMessage **reply, struct ctd_scope *scope, struct ctd_error *err) {
  static const struct method method = {METHOD("Update"), "update", TYPE(update_snapshot_response)};
  UpdateRequest request = CONTAINERD__SERVICES__SNAPSHOTS__V1__UPDATE_SNAPSHOT_REQUEST__INIT;
  Containerd__Services__Snapshots__V1__Info info = CONTAINERD__SERVICES__SNAPSHOTS__V1__INFO__INIT;
  Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
  request.snapshotter = snapshotter->name;
  request.info = &info;
  request.update_mask = &mask;
  info.name = (char *)key;
  if (label_paths(labels, &mask.paths, err))
    return -1;
  mask.n_paths = labels->count;
  int result = ctd_map_from_labels(labels, TYPE(info__labels_entry), &info.labels, &info.n_labels, err);
  if (!result)
    result = call(snapshotter, &method, key, &request.base, reply, scope, err);
  free(info.labels);
  paths_free(mask.paths, mask.n_paths);
  return result;
}

int ctd_snapshotter_commit(struct ctd_snapshotter *snapshotter, const char *name, const char *key,
                           const struct ctd_labels *labels, struct ctd_scope *scope, struct ctd_error *err) {
  static const struct method method = {METHOD("Commit"), "commit", NULL};
  CommitRequest request = CONTAINERD__SERVICES__SNAPSHOTS__V1__COMMIT_SNAPSHOT_REQUEST__INIT;
  request.snapshotter = snapshotter->name;
  request.name = (char *)name;
  request.key = (char *)key;
  if (ctd_map_from_labels(labels, TYPE(commit_snapshot_request__labels_entry), &request.labels, &request.n_labels, err))
    return -1;
  int result = call(snapshotter, &method, key, &request.base, NULL, scope, err);
  free(request.labels);
  return result;
}

int ctd_snapshotter_remove(struct ctd_snapshotter *snapshotter, const char *key, struct ctd_scope *scope,
                           struct ctd_error *err) {
  static const struct method method = {METHOD("Remove"), "remove", NULL};
  RemoveRequest request = CONTAINERD__SERVICES__SNAPSHOTS__V1__REMOVE_SNAPSHOT_REQUEST__INIT;
  request.snapshotter = snapshotter->name;
  request.key = (char *)key;
  return call(snapshotter, &method, key, &request.base, NULL, scope, err);
}

int ctd_snapshotter_cleanup(struct ctd_snapshotter *snapshotter, struct ctd_scope *scope, struct ctd_error *err) {
  CleanupRequest request = CONTAINERD__SERVICES__SNAPSHOTS__V1__CLEANUP_REQUEST__INIT;
  request.snapshotter = snapshotter->name;
  int result =
      ctd_call(ctd_client_target(snapshotter->client), METHOD("Cleanup"), &request.base, NULL, NULL, scope, err);
  return result < 0 ? ctd_client_failed(snapshotter->client, err, "cleanup", "of %s", snapshotter->name) : result;
}

static int mount_on(struct ctd_snapshotter *snapshotter, const char *key, const char *path, struct ctd_scope *scope,
                    struct ctd_error *err) {
  struct ctd_mounts mounts = {0};
  struct ctd_error ignored = {0};
  int result = ctd_snapshot_mounts(snapshotter->client, snapshotter->name, key, &mounts, scope, err);
  if (!result)
    result = ctd_mount_attach(&mounts, path, err);
  ctd_mounts_free(&mounts);
  if (result || !ctd_scope_check(scope, err))
    return result;
  ctd_mount_detach(path, &ignored);
  ctd_error_clear(&ignored);
  return -1;
}

int ctd_snapshotter_mount(struct ctd_snapshotter *snapshotter, const char *key, const char *path,
                          struct ctd_scope *scope, struct ctd_error *err) {
  if (!mount_on(snapshotter, key, path, scope, err))
    return 0;
  return ctd_client_failed(snapshotter->client, err, "mount", "snapshot %s of %s", key, snapshotter->name);
}

int ctd_snapshotter_unmount(struct ctd_snapshotter *snapshotter, const char *path, struct ctd_error *err) {
  return ctd_mount_detach(path, err) ? ctd_client_failed(snapshotter->client, err, "unmount", "%s", path) : 0;
}

void ctd_snapshot_list_free(struct ctd_snapshot_list *list) {
  for (size_t i = 0; i < list->count; i++)
    protobuf_c_message_free_unpacked(&list->items[i]->base, NULL);
  free(list->items);
  memset(list, 0, sizeof *list);
}

static int list_add(struct ctd_snapshot_list *list, ListResponse *response, struct ctd_error *err) {
  ListResponse **items = realloc(list->items, (list->count + 1) * sizeof(ListResponse *));
  if (!items) {
    protobuf_c_message_free_unpacked(&response->base, NULL);
    return ctd_error_nomem(err);
  }
  list->items = items;
  items[list->count++] = response;
  return 0;
}

static int list_receive(struct ctd_stream *stream, struct ctd_snapshot_list *out, struct ctd_error *err) {
  ListResponse *response;
  do {
    if (ctd_stream_receive(stream, (ProtobufCMessage **)&response, err) || (response && list_add(out, response, err)))
      return -1;
  } while (response);
  return 0;
}

int ctd_snapshotter_list(struct ctd_snapshotter *snapshotter, const char *const *filters, size_t filter_count,
                         struct ctd_snapshot_list *out, struct ctd_scope *scope, struct ctd_error *err) {
  ListRequest request = CONTAINERD__SERVICES__SNAPSHOTS__V1__LIST_SNAPSHOTS_REQUEST__INIT;
  struct ctd_stream *stream;
  request.snapshotter = snapshotter->name;
  request.filters = (char **)filters;
  request.n_filters = filter_count;
  memset(out, 0, sizeof *out);
  int result = ctd_stream_request(&stream, ctd_client_target(snapshotter->client), METHOD("List"), &request.base,
                                  TYPE(list_snapshots_response), scope, err);
  if (!result)
    result = list_receive(stream, out, err);
  ctd_stream_free(stream);
  return result ? ctd_client_failed(snapshotter->client, err, "list", "snapshots of %s", snapshotter->name) : 0;
}
