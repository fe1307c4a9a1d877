#include "base/json.h"
#include "client/any.h"
#include "client/container.h"
#include "client/container_labels.h"
#include "client/lease.h"
#include "client/mount.h"
#include "client/namespace.h"
#include "client/remap.h"
#include "client/sandbox.h"
#include "client/snapshot.h"
#include "containers.pb-c.h"
#include "oci/runtime_spec.h"
#include "rpc/call.h"
#include <stdlib.h>
#include <string.h>

#define METHOD(name) "/containerd.services.containers.v1.Containers/" name
#define SPEC_TYPE "types.containerd.io/opencontainers/runtime-spec/1/Spec"

/* How long taking back what was made may last, in seconds. */
#define UNDO_TIMEOUT 10.0

typedef Containerd__Services__Containers__V1__Container ContainerMessage;
typedef Containerd__Services__Containers__V1__Container__Runtime RuntimeMessage;
typedef Containerd__Services__Containers__V1__CreateContainerRequest CreateRequest;
typedef Containerd__Services__Containers__V1__CreateContainerResponse CreateResponse;

/* A container in the making. */
struct creation {
  struct ctd_image *image; /* NULL: none */
  const char *id, *key;    /* key: of the snapshot; "": it has none */
  const struct ctd_container_options *options;
  struct ctd_client *client; /* under the lease */
  char *snapshotter, *runtime;
  struct ctd_image_content content; /* zeroed without an image */
  bool made_snapshot;
  struct ctd_mounts mounts;
  struct ctd_labels labels;
  json_t *spec;
  char *spec_text;
};

static void creation_free(struct creation *creation) {
  free(creation->snapshotter);
  free(creation->runtime);
  ctd_image_content_free(&creation->content);
  ctd_mounts_free(&creation->mounts);
  ctd_labels_free(&creation->labels);
  json_decref(creation->spec);
  free(creation->spec_text);
}

static int check_options(const struct creation *creation, struct ctd_error *err) {
  const struct ctd_container_options *options = creation->options;
  if (options->rootfs && *options->rootfs != '/')
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "rootfs: want an absolute path");
  if (options->rootfs && (options->snapshot || options->snapshot_view || options->ready_spec))
    return ctd_error_set(err, CTD_INVALID_ARGUMENT,
                         "rootfs stands in place of a snapshot, and not beside a ready spec");
  if (!creation->image && options->snapshot_view)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "snapshot_view: there is no image to make one of");
  if (!creation->image && !options->rootfs && !options->snapshot && !options->ready_spec)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "want one of rootfs, snapshot and spec");
  return 0;
}

/* The daemon would take any id, and run the task beside the sandbox. */
static int check_sandbox(const struct creation *creation, struct ctd_client *client, struct ctd_scope *scope,
                         struct ctd_error *err) {
  struct ctd_sandbox *sandbox = NULL;
  if (!creation->options->sandbox)
    return 0;
  int result = ctd_sandbox_get(client, creation->options->sandbox, scope, &sandbox, err);
  ctd_sandbox_unref(sandbox);
  return result;
}

static int check_free(const struct creation *creation, struct ctd_client *client, struct ctd_scope *scope,
                      struct ctd_error *err) {
  struct ctd_container *taken;
  if (!ctd_container_get(client, creation->id, scope, &taken, err)) {
    ctd_container_unref(taken);
    return ctd_error_set(err, CTD_ALREADY_EXISTS, "it exists already");
  }
  if (err->code != CTD_NOT_FOUND)
    return -1;
  ctd_error_clear(err);
  return 0;
}

static int choose_labels(struct creation *creation, struct ctd_error *err) {
  const struct ctd_container_options *options = creation->options;
  if (creation->image && ctd_container_labels_from_image(&creation->labels, &creation->content.config, err))
    return -1;
  if (options->restart && ctd_container_labels_restart(&creation->labels, options->restart, err))
    return -1;
  return ctd_labels_copy(&creation->labels, &options->labels, err);
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

static int make_on(struct creation *creation, const char *parent, const struct ctd_labels *labels,
                   struct ctd_scope *scope, struct ctd_error *err) {
  return (creation->options->snapshot_view ? ctd_snapshot_view : ctd_snapshot_prepare)(
      creation->client, creation->snapshotter, creation->key, parent, labels, &creation->mounts, scope, err);
}

static bool needs_snapshot(const struct creation *creation) {
  return !creation->options->rootfs && (creation->image || creation->options->snapshot);
}

/* With a user namespace the files are its ids'. */
static int make_on_image(struct creation *creation, struct ctd_scope *scope, struct ctd_error *err) {
  const struct ctd_runtime_options *options = &creation->options->spec;
  struct ctd_labels labels = {0};
  char *parent = NULL;
  int result = 0;
  if (!creation->content.chain_id || !options->uid_maps || !options->gid_maps)
    return make_on(creation, creation->content.chain_id, &labels, scope, err);
  result = ctd_remap_parent(creation->client, creation->snapshotter, creation->content.chain_id, options->uid_maps,
                            options->gid_maps, scope, &labels, &parent, err);
  if (!result)
    result = make_on(creation, parent, &labels, scope, err);
  ctd_labels_free(&labels);
  free(parent);
  return result;
}

/* Of one whose making was broken off on our side: a snapshot that was there before is somebody else's. */
static void remove_snapshot_since(const struct creation *creation, double began) {
  struct ctd_error ignored = {0};
  struct ctd_snapshot_info info;
  struct ctd_scope scope;
  ctd_scope_init(&scope, UNDO_TIMEOUT);
  if (!ctd_snapshot_stat(creation->client, creation->snapshotter, creation->key, &scope, &info, &ignored) &&
      info.created >= began)
    remove_snapshot(creation);
  ctd_snapshot_info_free(&info);
  ctd_error_clear(&ignored);
}

static int make_snapshot(struct creation *creation, struct ctd_scope *scope, struct ctd_error *err) {
  double began = ctd_now_epoch(); /* the daemon has the same clock */
  int result = make_on_image(creation, scope, err);
  creation->made_snapshot = !result;
  if (!result)
    return 0;
  if (is_undecided(err))
    remove_snapshot_since(creation, began);
  if (err->code == CTD_ALREADY_EXISTS)
    ctd_error_set(err, CTD_ALREADY_EXISTS, "snapshot %s exists already", creation->key);
  if (err->code == CTD_NOT_FOUND)
    ctd_error_prefix(err, "image %s is not unpacked for snapshotter %s", ctd_image_name(creation->image),
                     creation->snapshotter);
  return -1;
}

static int prepare_storage(struct creation *creation, struct ctd_scope *scope, struct ctd_error *err) {
  const char *snapshot = creation->options->snapshot;
  if (!needs_snapshot(creation))
    return 0;
  creation->key = snapshot ? snapshot : creation->id;
  if (creation->image)
    return make_snapshot(creation, scope, err);
  return ctd_snapshot_mounts(creation->client, creation->snapshotter, creation->key, &creation->mounts, scope, err);
}

static int put_user(struct creation *creation, const struct ctd_rootfs *root, struct ctd_error *err) {
  const struct ctd_runtime_options *options = &creation->options->spec;
  struct ctd_user found = {0};
  int result = ctd_user_lookup(&found, options->user ? options->user : creation->content.config.user, root, err);
  if (!result && options->additional_groups)
    result = ctd_user_lookup_groups(&found, options->additional_groups, root, err);
  if (!result)
    result = ctd_runtime_spec_put_user(creation->spec, &found, err);
  ctd_user_free(&found);
  return result;
}

static int apply_user(struct creation *creation, struct ctd_error *err) {
  const char *const directory[] = {creation->options->rootfs};
  struct ctd_mount_view view;
  if (*directory)
    return put_user(creation, &(struct ctd_rootfs){.layers = directory, .count = 1}, err);
  if (ctd_mount_view_open(&view, &creation->mounts, err))
    return -1;
  int result = put_user(creation, &view.root, err);
  ctd_mount_view_close(&view);
  return result;
}

static int put_rootfs(struct creation *creation, struct ctd_error *err) {
  const struct ctd_container_options *options = creation->options;
  json_t *root = ctd_runtime_spec_at(creation->spec, "root", err);
  if (!root || (options->rootfs && ctd_json_put(root, "path", json_string(options->rootfs), err)))
    return -1;
  return options->snapshot_view ? ctd_json_put(root, "readonly", json_true(), err) : 0;
}

static int derive_spec(struct creation *creation, struct ctd_error *err) {
  const struct ctd_image_config *config = &creation->content.config;
  struct ctd_client *client = creation->client;
  return ctd_runtime_spec_new(&creation->spec, ctd_client_version(client), ctd_client_namespace(client), creation->id,
                              err) ||
                 ctd_runtime_spec_apply_image(creation->spec, config, err) || apply_user(creation, err) ||
                 put_rootfs(creation, err) ||
                 ctd_runtime_options_apply(creation->spec, &creation->options->spec, config, err)
             ? -1
             : 0;
}

static int make_spec(struct creation *creation, struct ctd_error *err) {
  const struct ctd_container_options *options = creation->options;
  if (!options->ready_spec && derive_spec(creation, err))
    return -1;
  if (options->ready_spec && !(creation->spec = json_deep_copy(options->ready_spec)))
    return ctd_error_nomem(err);
  if (options->edit && options->edit(options->edit_context, &creation->spec, err))
    return -1;
  if (!json_is_object(creation->spec))
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "the spec must be an object");
  return ctd_json_dump(creation->spec, &creation->spec_text, err);
}

static int request_container(const ContainerMessage *message, struct ctd_client *client, CreateResponse **reply,
                             struct ctd_scope *scope, struct ctd_error *err) {
  CreateRequest request = CONTAINERD__SERVICES__CONTAINERS__V1__CREATE_CONTAINER_REQUEST__INIT;
  request.container = (ContainerMessage *)message;
  return ctd_call(ctd_client_target(client), METHOD("Create"), &request.base,
                  &containerd__services__containers__v1__create_container_response__descriptor,
                  (ProtobufCMessage **)reply, scope, err);
}

static int create_record(const struct creation *creation, CreateResponse **reply, struct ctd_scope *scope,
                         struct ctd_error *err) {
  const struct ctd_container_options *options = creation->options;
  ContainerMessage message = CONTAINERD__SERVICES__CONTAINERS__V1__CONTAINER__INIT;
  RuntimeMessage runtime = CONTAINERD__SERVICES__CONTAINERS__V1__CONTAINER__RUNTIME__INIT;
  Google__Protobuf__Any runtime_options = ctd_typed_any(&options->runtime_options);
  Google__Protobuf__Any spec = GOOGLE__PROTOBUF__ANY__INIT;
  spec.type_url = SPEC_TYPE;
  spec.value = (ProtobufCBinaryData){strlen(creation->spec_text), (uint8_t *)creation->spec_text};
  runtime.name = creation->runtime;
  runtime.options = options->runtime_options.type_url ? &runtime_options : NULL;
  message.id = (char *)creation->id;
  message.image = (char *)(creation->image ? ctd_image_name(creation->image) : "");
  message.runtime = &runtime;
  message.spec = &spec;
  message.snapshotter = creation->snapshotter ? creation->snapshotter : (char *)"";
  message.snapshot_key = (char *)creation->key;
  message.sandbox = (char *)(options->sandbox ? options->sandbox : "");
  int result = -1;
  if (!ctd_extensions_to_map(&options->extensions, &message.extensions, &message.n_extensions, err) &&
      !ctd_map_from_labels(&creation->labels,
                           &containerd__services__containers__v1__container__labels_entry__descriptor, &message.labels,
                           &message.n_labels, err))
    result = request_container(&message, creation->client, reply, scope, err);
  free(message.extensions);
  free(message.labels);
  return result;
}

static int create_container(struct creation *creation, struct ctd_client *client, struct ctd_scope *scope,
                            struct ctd_container **out, struct ctd_error *err) {
  CreateResponse *reply = NULL;
  if (create_record(creation, &reply, scope, err))
    return -1;
  int result = ctd_container_from_message(client, reply->container, out, err);
  protobuf_c_message_free_unpacked(&reply->base, NULL);
  return result;
}

/* Whether the container that has our id is the one that we asked for. */
static bool is_ours(const struct creation *creation, const struct ctd_container_info *record) {
  return creation->spec_text && !strcmp(record->spec, creation->spec_text) &&
         !strcmp(record->snapshot_key, creation->key) &&
         !strcmp(record->snapshotter, creation->snapshotter ? creation->snapshotter : "");
}

/* Takes back what was made, also a container whose creation was broken off on our side alone. */
static void creation_undo(const struct creation *creation) {
  struct ctd_container *container = NULL;
  struct ctd_error ignored = {0};
  struct ctd_scope scope;
  ctd_scope_init(&scope, UNDO_TIMEOUT);
  if (!ctd_container_get(creation->client, creation->id, &scope, &container, &ignored) &&
      is_ours(creation, ctd_container_record(container)))
    ctd_container_delete(container, false, &scope, &ignored);
  ctd_container_unref(container);
  ctd_error_clear(&ignored);
  if (creation->made_snapshot)
    remove_snapshot(creation);
}

static int choose_defaults(struct creation *creation, struct ctd_scope *scope, struct ctd_error *err) {
  const struct ctd_container_options *options = creation->options;
  if (needs_snapshot(creation))
    return ctd_choose_both(creation->client, options->snapshotter, options->runtime, &creation->snapshotter,
                           &creation->runtime, scope, err);
  return ctd_choose_runtime(creation->client, options->runtime, &creation->runtime, scope, err);
}

/* Under the lease. */
static int creation_run(struct creation *creation, struct ctd_client *client, struct ctd_scope *scope,
                        struct ctd_container **out, struct ctd_error *err) {
  if ((creation->image && ctd_image_read(creation->image, scope, &creation->content, err)) ||
      choose_labels(creation, err) || choose_defaults(creation, scope, err) || prepare_storage(creation, scope, err))
    return -1;
  if (!make_spec(creation, err) && !create_container(creation, client, scope, out, err))
    return 0;
  creation_undo(creation);
  return -1;
}

static int create(struct ctd_client *client, struct ctd_image *image, const char *id,
                  const struct ctd_container_options *options, struct ctd_scope *scope, struct ctd_container **out,
                  struct ctd_error *err) {
  struct creation creation = {.image = image, .id = id, .key = "", .options = options};
  int result = -1;
  *out = NULL;
  if (!ctd_identifier_check("container's id", id, err) && !check_options(&creation, err) &&
      !check_sandbox(&creation, client, scope, err) && !check_free(&creation, client, scope, err) &&
      !ctd_lease_begin(client, &creation.client, scope, err)) {
    result = creation_run(&creation, client, scope, out, err);
    ctd_lease_end(client, creation.client);
  }
  creation_free(&creation);
  return result ? ctd_client_failed(client, err, "new_container", "%s", id) : 0;
}

int ctd_container_create(struct ctd_image *image, const char *id, const struct ctd_container_options *options,
                         struct ctd_scope *scope, struct ctd_container **out, struct ctd_error *err) {
  return create(ctd_image_client(image), image, id, options, scope, out, err);
}

int ctd_container_create_bare(struct ctd_client *client, const char *id, const struct ctd_container_options *options,
                              struct ctd_scope *scope, struct ctd_container **out, struct ctd_error *err) {
  return create(client, NULL, id, options, scope, out, err);
}
