#include "base/buffer.h"
#include "base/json.h"
#include "client/container.h"
#include "client/lease.h"
#include "client/mount.h"
#include "client/namespace.h"
#include "client/snapshot.h"
#include "containers.pb-c.h"
#include "oci/runtime_spec.h"
#include "rpc/call.h"
#include <stdlib.h>
#include <string.h>

#define METHOD(name) "/containerd.services.containers.v1.Containers/" name
#define SPEC_TYPE "types.containerd.io/opencontainers/runtime-spec/1/Spec"
#define STOP_SIGNAL_LABEL "io.containerd.image.config.stop-signal"

/* The most that key and value of a label may have together, in bytes: the daemon refuses more. */
#define LABEL_LIMIT 4096

/* How long taking back what was made may last, in seconds. */
#define UNDO_TIMEOUT 10.0

typedef Containerd__Services__Containers__V1__Container ContainerMessage;
typedef Containerd__Services__Containers__V1__Container__Runtime RuntimeMessage;
typedef Containerd__Services__Containers__V1__CreateContainerRequest CreateRequest;
typedef Containerd__Services__Containers__V1__CreateContainerResponse CreateResponse;

/* A container in the making. */
struct creation {
  struct ctd_image *image;
  const char *id, *key; /* key: of the snapshot */
  const struct ctd_container_options *options;
  struct ctd_client *client; /* under the lease */
  char *snapshotter, *runtime;
  struct ctd_image_content content;
  struct ctd_mounts mounts;
  struct ctd_labels labels;
  json_t *spec;
};

static void creation_free(struct creation *creation) {
  free(creation->snapshotter);
  free(creation->runtime);
  ctd_image_content_free(&creation->content);
  ctd_mounts_free(&creation->mounts);
  ctd_labels_free(&creation->labels);
  json_decref(creation->spec);
}

static int check_free(const struct creation *creation, struct ctd_scope *scope, struct ctd_error *err) {
  struct ctd_container *taken;
  if (!ctd_container_get(ctd_image_client(creation->image), creation->id, scope, &taken, err)) {
    ctd_container_unref(taken);
    return ctd_error_set(err, CTD_ALREADY_EXISTS, "it exists already");
  }
  if (err->code != CTD_NOT_FOUND)
    return -1;
  ctd_error_clear(err);
  return 0;
}

/* What of the image's labels is about the image in the daemon isn't true of the container. */
static bool label_is_copied(const char *key, const char *value) {
  return strncmp(key, "containerd.io/", 14) != 0 && strncmp(key, "io.cri-containerd", 17) != 0 &&
         strlen(key) + strlen(value) <= LABEL_LIMIT;
}

static int choose_labels(struct creation *creation, struct ctd_error *err) {
  const struct ctd_image_config *config = &creation->content.config;
  const char *key;
  json_t *value;
  json_object_foreach(config->labels, key, value) {
    const char *text = json_string_value(value);
    if (label_is_copied(key, text) && ctd_labels_set(&creation->labels, key, text, err))
      return -1;
  }
  if (ctd_labels_set(&creation->labels, STOP_SIGNAL_LABEL, config->stop_signal ? config->stop_signal : "SIGTERM", err))
    return -1;
  return ctd_labels_copy(&creation->labels, &creation->options->labels, err);
}

/* Has a time of its own, since the caller's may be over. */
static void remove_snapshot(const struct creation *creation) {
  struct ctd_error ignored = {0};
  struct ctd_scope scope;
  ctd_scope_init(&scope, UNDO_TIMEOUT);
  ctd_snapshot_remove(creation->client, creation->snapshotter, creation->key, &scope, &ignored);
  ctd_error_clear(&ignored);
}

/* Whether the daemon may have done what it was asked. */
static bool is_undecided(const struct ctd_error *err) {
  return err->code == CTD_CANCELLED || err->code == CTD_DEADLINE_EXCEEDED || err->code == CTD_UNAVAILABLE;
}

/* A snapshot that is there already is somebody's; one that isn't there before and is there afterwards is ours. */
static int prepare_snapshot(struct creation *creation, struct ctd_scope *scope, struct ctd_error *err) {
  static const struct ctd_labels none;
  bool taken;
  if (ctd_snapshot_exists(creation->client, creation->snapshotter, creation->key, &taken, scope, err))
    return -1;
  if (taken)
    return ctd_error_set(err, CTD_ALREADY_EXISTS, "snapshot %s exists already", creation->key);
  if (!ctd_snapshot_prepare(creation->client, creation->snapshotter, creation->key, creation->content.chain_id, &none,
                            &creation->mounts, scope, err))
    return 0;
  if (is_undecided(err))
    remove_snapshot(creation);
  if (err->code == CTD_NOT_FOUND)
    ctd_error_prefix(err, "image %s is not unpacked for snapshotter %s", ctd_image_name(creation->image),
                     creation->snapshotter);
  return -1;
}

static int apply_user(struct creation *creation, struct ctd_error *err) {
  const char *user = creation->options->spec.user;
  struct ctd_mount_view view;
  struct ctd_user found = {0};
  if (ctd_mount_view_open(&view, &creation->mounts, err))
    return -1;
  int result = ctd_user_lookup(&found, user ? user : creation->content.config.user, &view.root, err);
  if (!result)
    result = ctd_runtime_spec_put_user(creation->spec, &found, err);
  ctd_user_free(&found);
  ctd_mount_view_close(&view);
  return result;
}

static int make_spec(struct creation *creation, struct ctd_error *err) {
  const struct ctd_container_options *options = creation->options;
  const struct ctd_image_config *config = &creation->content.config;
  struct ctd_client *client = creation->client;
  if (ctd_runtime_spec_new(&creation->spec, ctd_client_version(client), ctd_client_namespace(client), creation->id,
                           err) ||
      ctd_runtime_spec_apply_image(creation->spec, config, err) || apply_user(creation, err) ||
      ctd_runtime_options_apply(creation->spec, &options->spec, config, err))
    return -1;
  if (options->edit && options->edit(options->edit_context, &creation->spec, err))
    return -1;
  return json_is_object(creation->spec) ? 0 : ctd_error_set(err, CTD_INVALID_ARGUMENT, "the spec must be an object");
}

static int request_container(const struct creation *creation, const char *spec, struct ctd_scope *scope,
                             struct ctd_container **out, struct ctd_error *err) {
  ContainerMessage message = CONTAINERD__SERVICES__CONTAINERS__V1__CONTAINER__INIT;
  RuntimeMessage runtime = CONTAINERD__SERVICES__CONTAINERS__V1__CONTAINER__RUNTIME__INIT;
  Google__Protobuf__Any any = GOOGLE__PROTOBUF__ANY__INIT;
  CreateRequest request = CONTAINERD__SERVICES__CONTAINERS__V1__CREATE_CONTAINER_REQUEST__INIT;
  CreateResponse *reply = NULL;
  any.type_url = SPEC_TYPE;
  any.value = (ProtobufCBinaryData){strlen(spec), (uint8_t *)spec};
  runtime.name = creation->runtime;
  message.id = (char *)creation->id;
  message.image = (char *)ctd_image_name(creation->image);
  message.runtime = &runtime;
  message.spec = &any;
  message.snapshotter = creation->snapshotter;
  message.snapshot_key = (char *)creation->key;
  request.container = &message;
  if (ctd_map_from_labels(&creation->labels, &containerd__services__containers__v1__container__labels_entry__descriptor,
                          &message.labels, &message.n_labels, err))
    return -1;
  int result = ctd_call(ctd_client_target(creation->client), METHOD("Create"), &request.base,
                        &containerd__services__containers__v1__create_container_response__descriptor,
                        (ProtobufCMessage **)&reply, scope, err);
  free(message.labels);
  if (result)
    return -1;
  result = ctd_container_from_message(ctd_image_client(creation->image), reply->container, out, err);
  protobuf_c_message_free_unpacked(&reply->base, NULL);
  return result;
}

static int create_record(struct creation *creation, struct ctd_scope *scope, struct ctd_container **out,
                         struct ctd_error *err) {
  char *spec;
  if (ctd_json_dump(creation->spec, &spec, err))
    return -1;
  int result = request_container(creation, spec, scope, out, err);
  free(spec);
  return result;
}

/*
 * Takes back what was made, also a container whose creation was broken off on our side alone. It's ours if it stands on
 * the snapshot, which is.
 */
static void creation_undo(const struct creation *creation) {
  struct ctd_container *container = NULL;
  struct ctd_error ignored = {0};
  struct ctd_scope scope;
  ctd_scope_init(&scope, UNDO_TIMEOUT);
  if (!ctd_container_get(creation->client, creation->id, &scope, &container, &ignored)) {
    const struct ctd_container_info *record = ctd_container_record(container);
    if (!strcmp(record->snapshot_key, creation->key) && !strcmp(record->snapshotter, creation->snapshotter))
      ctd_container_delete(container, false, &scope, &ignored);
  }
  ctd_container_unref(container);
  ctd_error_clear(&ignored);
  remove_snapshot(creation);
}

/* Under the lease. */
static int creation_run(struct creation *creation, struct ctd_scope *scope, struct ctd_container **out,
                        struct ctd_error *err) {
  const struct ctd_container_options *options = creation->options;
  if (ctd_image_read(creation->image, scope, &creation->content, err) || choose_labels(creation, err) ||
      ctd_choose_runtime(creation->client, options->runtime, &creation->runtime, scope, err) ||
      ctd_choose_snapshotter(creation->client, options->snapshotter, &creation->snapshotter, scope, err) ||
      prepare_snapshot(creation, scope, err))
    return -1;
  if (!make_spec(creation, err) && !create_record(creation, scope, out, err))
    return 0;
  creation_undo(creation);
  return -1;
}

int ctd_container_create(struct ctd_image *image, const char *id, const struct ctd_container_options *options,
                         struct ctd_scope *scope, struct ctd_container **out, struct ctd_error *err) {
  struct ctd_client *client = ctd_image_client(image);
  struct creation creation = {
      .image = image, .id = id, .key = options->snapshot ? options->snapshot : id, .options = options};
  int result = -1;
  *out = NULL;
  if (!ctd_identifier_check("container's id", id, err) && !check_free(&creation, scope, err) &&
      !ctd_lease_begin(client, &creation.client, scope, err)) {
    result = creation_run(&creation, scope, out, err);
    ctd_lease_end(client, creation.client);
  }
  creation_free(&creation);
  return result ? ctd_client_failed(client, err, "new_container", "%s", id) : 0;
}
