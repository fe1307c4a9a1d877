#include "client/snapshot.h"
#include "base/buffer.h"
#include "client/any.h"
#include "rpc/call.h"
#include "snapshots.pb-c.h"
#include <stdlib.h>
#include <string.h>

#define METHOD(name) "/containerd.services.snapshots.v1.Snapshots/" name

typedef Containerd__Services__Snapshots__V1__StatSnapshotRequest StatRequest;
typedef Containerd__Services__Snapshots__V1__StatSnapshotResponse StatResponse;
typedef Containerd__Services__Snapshots__V1__UsageRequest UsageRequest;
typedef Containerd__Services__Snapshots__V1__UsageResponse UsageResponse;
typedef Containerd__Services__Snapshots__V1__PrepareSnapshotRequest PrepareRequest;
typedef Containerd__Services__Snapshots__V1__PrepareSnapshotResponse PrepareResponse;
typedef Containerd__Services__Snapshots__V1__ViewSnapshotRequest ViewRequest;
typedef Containerd__Services__Snapshots__V1__ViewSnapshotResponse ViewResponse;
typedef Containerd__Services__Snapshots__V1__CommitSnapshotRequest CommitRequest;
typedef Containerd__Services__Snapshots__V1__MountsRequest MountsRequest;
typedef Containerd__Services__Snapshots__V1__MountsResponse MountsResponse;
typedef Containerd__Services__Snapshots__V1__RemoveSnapshotRequest RemoveRequest;
typedef Containerd__Types__Mount MountMessage;

static void mount_free(struct ctd_mount *mount) {
  for (char **option = mount->options; option && *option; option++)
    free(*option);
  free(mount->options);
  free(mount->type);
  free(mount->source);
  free(mount->target);
}

void ctd_mounts_free(struct ctd_mounts *mounts) {
  for (size_t i = 0; i < mounts->count; i++)
    mount_free(&mounts->items[i]);
  free(mounts->items);
  memset(mounts, 0, sizeof *mounts);
}

static int mount_read(struct ctd_mount *out, const MountMessage *message, struct ctd_error *err) {
  if (ctd_copy_string(&out->type, message->type, err) || ctd_copy_string(&out->source, message->source, err) ||
      ctd_copy_string(&out->target, message->target, err))
    return -1;
  out->options = calloc(message->n_options + 1, sizeof *out->options);
  if (!out->options)
    return ctd_error_nomem(err);
  for (size_t i = 0; i < message->n_options; i++)
    if (ctd_copy_string(&out->options[i], message->options[i], err))
      return -1;
  return 0;
}

static int mounts_read(struct ctd_mounts *out, MountMessage *const *messages, size_t count, struct ctd_error *err) {
  memset(out, 0, sizeof *out);
  if (count && !(out->items = calloc(count, sizeof *out->items)))
    return ctd_error_nomem(err);
  out->count = count;
  for (size_t i = 0; i < count; i++)
    if (mount_read(&out->items[i], messages[i], err)) {
      ctd_mounts_free(out);
      return -1;
    }
  return 0;
}

static size_t options_count(const struct ctd_mount *mount) {
  size_t count = 0;
  while (mount->options && mount->options[count])
    count++;
  return count;
}

int ctd_mounts_to_messages(const struct ctd_mounts *mounts, MountMessage ***out, struct ctd_error *err) {
  *out = NULL;
  if (!mounts->count)
    return 0;
  MountMessage **pointers = calloc(mounts->count, sizeof(MountMessage *) + sizeof(MountMessage));
  if (!pointers)
    return ctd_error_nomem(err);
  MountMessage *block = (MountMessage *)(pointers + mounts->count);
  for (size_t i = 0; i < mounts->count; i++) {
    const struct ctd_mount *mount = &mounts->items[i];
    pointers[i] = &block[i];
    containerd__types__mount__init(&block[i]);
    block[i].type = mount->type;
    block[i].source = mount->source;
    block[i].target = mount->target;
    block[i].options = mount->options;
    block[i].n_options = options_count(mount);
  }
  *out = pointers;
  return 0;
}

int ctd_snapshot_stat(struct ctd_client *client, const char *snapshotter, const char *key, struct ctd_scope *scope,
                      struct ctd_snapshot_info *out, struct ctd_error *err) {
  StatRequest request = CONTAINERD__SERVICES__SNAPSHOTS__V1__STAT_SNAPSHOT_REQUEST__INIT;
  StatResponse *reply;
  request.snapshotter = (char *)snapshotter;
  request.key = (char *)key;
  *out = (struct ctd_snapshot_info){0};
  if (ctd_call(ctd_client_target(client), METHOD("Stat"), &request.base,
               &containerd__services__snapshots__v1__stat_snapshot_response__descriptor, (ProtobufCMessage **)&reply,
               scope, err))
    return ctd_error_prefix(err, "stat snapshot %s", key);
  out->active = reply->info && reply->info->kind == CONTAINERD__SERVICES__SNAPSHOTS__V1__KIND__ACTIVE;
  out->created = reply->info ? ctd_timestamp_seconds(reply->info->created_at) : 0;
  int result = ctd_copy_string(&out->parent, reply->info ? reply->info->parent : "", err);
  protobuf_c_message_free_unpacked(&reply->base, NULL);
  return result;
}

void ctd_snapshot_info_free(struct ctd_snapshot_info *info) {
  free(info->parent);
  *info = (struct ctd_snapshot_info){0};
}

int ctd_snapshot_usage(struct ctd_client *client, const char *snapshotter, const char *key, struct ctd_scope *scope,
                       int64_t *out, struct ctd_error *err) {
  UsageRequest request = CONTAINERD__SERVICES__SNAPSHOTS__V1__USAGE_REQUEST__INIT;
  UsageResponse *reply;
  request.snapshotter = (char *)snapshotter;
  request.key = (char *)key;
  if (ctd_call(ctd_client_target(client), METHOD("Usage"), &request.base,
               &containerd__services__snapshots__v1__usage_response__descriptor, (ProtobufCMessage **)&reply, scope,
               err))
    return ctd_error_prefix(err, "usage of snapshot %s", key);
  *out = reply->size;
  protobuf_c_message_free_unpacked(&reply->base, NULL);
  return 0;
}

int ctd_snapshot_exists(struct ctd_client *client, const char *snapshotter, const char *key, bool *exists,
                        struct ctd_scope *scope, struct ctd_error *err) {
  StatRequest request = CONTAINERD__SERVICES__SNAPSHOTS__V1__STAT_SNAPSHOT_REQUEST__INIT;
  request.snapshotter = (char *)snapshotter;
  request.key = (char *)key;
  int result = ctd_call(ctd_client_target(client), METHOD("Stat"), &request.base, NULL, NULL, scope, err);
  *exists = !result;
  if (result >= 0)
    return result;
  if (err->code != CTD_NOT_FOUND)
    return ctd_error_prefix(err, "stat snapshot %s", key);
  ctd_error_clear(err);
  return 0;
}

int ctd_snapshot_prepare(struct ctd_client *client, const char *snapshotter, const char *key, const char *parent,
                         const struct ctd_labels *labels, struct ctd_mounts *mounts, struct ctd_scope *scope,
                         struct ctd_error *err) {
  PrepareRequest request = CONTAINERD__SERVICES__SNAPSHOTS__V1__PREPARE_SNAPSHOT_REQUEST__INIT;
  PrepareResponse *reply = NULL;
  request.snapshotter = (char *)snapshotter;
  request.key = (char *)key;
  request.parent = (char *)(parent ? parent : "");
  if (ctd_map_from_labels(labels,
                          &containerd__services__snapshots__v1__prepare_snapshot_request__labels_entry__descriptor,
                          &request.labels, &request.n_labels, err))
    return -1;
  int result = ctd_call(ctd_client_target(client), METHOD("Prepare"), &request.base,
                        &containerd__services__snapshots__v1__prepare_snapshot_response__descriptor,
                        (ProtobufCMessage **)&reply, scope, err);
  free(request.labels);
  if (!result && mounts)
    result = mounts_read(mounts, reply->mounts, reply->n_mounts, err);
  if (reply)
    protobuf_c_message_free_unpacked(&reply->base, NULL);
  return result < 0 ? ctd_error_prefix(err, "prepare snapshot %s", key) : result;
}

int ctd_snapshot_view(struct ctd_client *client, const char *snapshotter, const char *key, const char *parent,
                      const struct ctd_labels *labels, struct ctd_mounts *mounts, struct ctd_scope *scope,
                      struct ctd_error *err) {
  ViewRequest request = CONTAINERD__SERVICES__SNAPSHOTS__V1__VIEW_SNAPSHOT_REQUEST__INIT;
  ViewResponse *reply = NULL;
  request.snapshotter = (char *)snapshotter;
  request.key = (char *)key;
  request.parent = (char *)(parent ? parent : "");
  if (ctd_map_from_labels(labels, &containerd__services__snapshots__v1__view_snapshot_request__labels_entry__descriptor,
                          &request.labels, &request.n_labels, err))
    return -1;
  int result = ctd_call(ctd_client_target(client), METHOD("View"), &request.base,
                        &containerd__services__snapshots__v1__view_snapshot_response__descriptor,
                        (ProtobufCMessage **)&reply, scope, err);
  free(request.labels);
  if (!result && mounts)
    result = mounts_read(mounts, reply->mounts, reply->n_mounts, err);
  if (reply)
    protobuf_c_message_free_unpacked(&reply->base, NULL);
  return result < 0 ? ctd_error_prefix(err, "view snapshot %s", key) : result;
}

int ctd_snapshot_commit(struct ctd_client *client, const char *snapshotter, const char *name, const char *key,
                        const struct ctd_labels *labels, struct ctd_scope *scope, struct ctd_error *err) {
  CommitRequest request = CONTAINERD__SERVICES__SNAPSHOTS__V1__COMMIT_SNAPSHOT_REQUEST__INIT;
  request.snapshotter = (char *)snapshotter;
  request.name = (char *)name;
  request.key = (char *)key;
  if (ctd_map_from_labels(labels,
                          &containerd__services__snapshots__v1__commit_snapshot_request__labels_entry__descriptor,
                          &request.labels, &request.n_labels, err))
    return -1;
  int result = ctd_call(ctd_client_target(client), METHOD("Commit"), &request.base, NULL, NULL, scope, err);
  free(request.labels);
  return result < 0 ? ctd_error_prefix(err, "commit snapshot %s", name) : result;
}

int ctd_snapshot_mounts(struct ctd_client *client, const char *snapshotter, const char *key, struct ctd_mounts *out,
                        struct ctd_scope *scope, struct ctd_error *err) {
  MountsRequest request = CONTAINERD__SERVICES__SNAPSHOTS__V1__MOUNTS_REQUEST__INIT;
  MountsResponse *reply = NULL;
  request.snapshotter = (char *)snapshotter;
  request.key = (char *)key;
  int result = ctd_call(ctd_client_target(client), METHOD("Mounts"), &request.base,
                        &containerd__services__snapshots__v1__mounts_response__descriptor, (ProtobufCMessage **)&reply,
                        scope, err);
  if (!result)
    result = mounts_read(out, reply->mounts, reply->n_mounts, err);
  if (reply)
    protobuf_c_message_free_unpacked(&reply->base, NULL);
  return result < 0 ? ctd_error_prefix(err, "mounts of snapshot %s", key) : result;
}

int ctd_snapshot_remove(struct ctd_client *client, const char *snapshotter, const char *key, struct ctd_scope *scope,
                        struct ctd_error *err) {
  RemoveRequest request = CONTAINERD__SERVICES__SNAPSHOTS__V1__REMOVE_SNAPSHOT_REQUEST__INIT;
  request.snapshotter = (char *)snapshotter;
  request.key = (char *)key;
  int result = ctd_call(ctd_client_target(client), METHOD("Remove"), &request.base, NULL, NULL, scope, err);
  if (result >= 0)
    return result;
  if (err->code != CTD_NOT_FOUND)
    return ctd_error_prefix(err, "remove snapshot %s", key);
  ctd_error_clear(err);
  return 0;
}
