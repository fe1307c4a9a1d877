#include "client/checkpoint.h"
#include "base/buffer.h"
#include "base/json.h"
#include "base/sha256.h"
#include "client/any.h"
#include "client/content.h"
#include "client/diff.h"
#include "client/lease.h"
#include "client/process.h"
#include "rpc/call.h"
#include "tasks.pb-c.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define INDEX_TYPE "application/vnd.oci.image.index.v1+json"
#define SPEC_TYPE "types.containerd.io/opencontainers/runtime-spec/1/Spec"
#define OPTIONS_TYPE "containerd.runc.v1.CheckpointOptions"

/* How long letting a task go on may take, in seconds. */
#define RESUME_TIMEOUT 10.0

typedef Containerd__Services__Tasks__V1__CheckpointTaskRequest CheckpointRequest;
typedef Containerd__Services__Tasks__V1__CheckpointTaskResponse CheckpointResponse;
typedef Containerd__Runc__V1__CheckpointOptions CheckpointOptions;

/* A checkpoint in the making. */
struct checkpoint {
  struct ctd_client *owner, *client; /* client: under the lease */
  const struct ctd_container_info *record;
  struct ctd_scope *scope;
  json_t *parts, *annotations;
};

static int annotate(const struct checkpoint *checkpoint, const char *key, const char *value, struct ctd_error *err) {
  return ctd_json_put(checkpoint->annotations, key, json_string(value), err);
}

static int put_platform(json_t *part, struct ctd_error *err) {
  struct ctd_platform host;
  ctd_platform_host(&host);
  json_t *platform = json_pack("{s:s, s:s}", "architecture", host.architecture, "os", host.os);
  if (ctd_json_put(part, "platform", platform, err))
    return -1;
  return *host.variant ? ctd_json_put(platform, "variant", json_string(host.variant), err) : 0;
}

/* `native`: it is for this machine's platform. */
static int add_part(const struct checkpoint *checkpoint, const char *media_type, const char *digest, int64_t size,
                    bool native, struct ctd_error *err) {
  json_t *part = json_pack("{s:s, s:s, s:I}", "mediaType", media_type, "digest", digest, "size", (json_int_t)size);
  if (ctd_json_add(checkpoint->parts, part, err))
    return -1;
  return native ? put_platform(part, err) : 0;
}

/* Writes a typed value as a blob and adds it. */
static int add_value(const struct checkpoint *checkpoint, const char *media_type, const char *suffix,
                     const Google__Protobuf__Any *value, struct ctd_error *err) {
  size_t size = protobuf_c_message_get_packed_size(&value->base);
  uint8_t *data = malloc(size + 1);
  char *ref = ctd_format(err, "%s-%s", checkpoint->record->id, suffix), digest[CTD_DIGEST_SIZE];
  static const struct ctd_labels none;
  int result = -1;
  if (!data || !ref) {
    ctd_error_nomem(err);
    goto out;
  }
  protobuf_c_message_pack(&value->base, data);
  if (!ctd_sha256_of(data, size, digest, err) &&
      !ctd_content_put(checkpoint->client, ref, digest, data, size, &none, checkpoint->scope, err))
    result = add_part(checkpoint, media_type, digest, (int64_t)size, true, err);
out:
  free(data);
  free(ref);
  return result;
}

static int add_image(const struct checkpoint *checkpoint, struct ctd_error *err) {
  struct ctd_image *image;
  if (ctd_image_get(checkpoint->client, checkpoint->record->image, checkpoint->scope, &image, err))
    return -1;
  const struct ctd_descriptor *target = ctd_image_target(image);
  int result = add_part(checkpoint, target->media_type, target->digest, target->size, false, err);
  ctd_image_unref(image);
  return result;
}

static int add_spec(const struct checkpoint *checkpoint, struct ctd_error *err) {
  Google__Protobuf__Any spec = GOOGLE__PROTOBUF__ANY__INIT;
  spec.type_url = SPEC_TYPE;
  spec.value = (ProtobufCBinaryData){strlen(checkpoint->record->spec), (uint8_t *)checkpoint->record->spec};
  return add_value(checkpoint, CTD_CHECKPOINT_SPEC, "checkpoint-config", &spec, err);
}

static int add_runtime(const struct checkpoint *checkpoint, struct ctd_error *err) {
  const struct ctd_typed *options = &checkpoint->record->runtime_options;
  Google__Protobuf__Any value = ctd_typed_any(options);
  return options->type_url ? add_value(checkpoint, CTD_CHECKPOINT_RUNTIME_OPTIONS, "runtime-options", &value, err) : 0;
}

static int add_layer(const struct checkpoint *checkpoint, struct ctd_error *err) {
  const struct ctd_container_info *record = checkpoint->record;
  struct ctd_descriptor layer = {0};
  if (!*record->snapshot_key)
    return ctd_error_set(err, CTD_FAILED_PRECONDITION, "the container has no snapshot, and so no writable layer");
  char *ref = ctd_format(err, "checkpoint-rw-%s", record->snapshot_key);
  int result = ref ? ctd_diff_snapshot(checkpoint->client, record->snapshotter, record->snapshot_key, ref,
                                       checkpoint->scope, &layer, err)
                   : -1;
  if (!result)
    result = add_part(checkpoint, layer.media_type, layer.digest, layer.size, true, err);
  ctd_descriptor_free(&layer);
  free(ref);
  return result;
}

/* The caller frees value->value.data. */
static int options_pack(const CheckpointOptions *options, Google__Protobuf__Any *value, struct ctd_error *err) {
  google__protobuf__any__init(value);
  value->type_url = OPTIONS_TYPE;
  value->value.len = protobuf_c_message_get_packed_size(&options->base);
  value->value.data = malloc(value->value.len + 1);
  if (!value->value.data)
    return ctd_error_nomem(err);
  protobuf_c_message_pack(&options->base, value->value.data);
  return 0;
}

static int request_task(const struct checkpoint *checkpoint, Google__Protobuf__Any *options, struct ctd_error *err) {
  CheckpointRequest request = CONTAINERD__SERVICES__TASKS__V1__CHECKPOINT_TASK_REQUEST__INIT;
  CheckpointResponse *reply;
  request.container_id = checkpoint->record->id;
  request.options = options;
  if (ctd_call(ctd_client_target(checkpoint->client), "/containerd.services.tasks.v1.Tasks/Checkpoint", &request.base,
               &containerd__services__tasks__v1__checkpoint_task_response__descriptor, (ProtobufCMessage **)&reply,
               checkpoint->scope, err))
    return -1;
  int result = 0;
  for (size_t i = 0; !result && i < reply->n_descriptors; i++) {
    const Containerd__Types__Descriptor *part = reply->descriptors[i];
    result = add_part(checkpoint, part->media_type, part->digest, part->size, true, err);
  }
  protobuf_c_message_free_unpacked(&reply->base, NULL);
  return result;
}

/* What the daemon makes of the task, the spec among it. `keep`: the options come along. */
static int add_task(const struct checkpoint *checkpoint, const CheckpointOptions *options, bool keep,
                    struct ctd_error *err) {
  Google__Protobuf__Any value;
  int result = options_pack(options, &value, err);
  if (!result)
    result = request_task(checkpoint, &value, err);
  if (!result && keep)
    result = add_value(checkpoint, CTD_CHECKPOINT_TASK_OPTIONS, "checkpoint-options", &value, err);
  free(value.value.data);
  return result;
}

/* The index keeps its parts from the collector. */
static int part_labels(const struct checkpoint *checkpoint, struct ctd_labels *labels, struct ctd_error *err) {
  const json_t *part;
  size_t i;
  json_array_foreach(checkpoint->parts, i, part) {
    char *key = ctd_format(err, "containerd.io/gc.ref.content.%zu", i);
    int result = key ? ctd_labels_set(labels, key, json_string_value(json_object_get(part, "digest")), err) : -1;
    free(key);
    if (result)
      return -1;
  }
  return 0;
}

/* `suffix`: of the index's ingest, after the container's id. */
static int index_write(const struct checkpoint *checkpoint, const char *suffix, struct ctd_descriptor *out,
                       struct ctd_error *err) {
  json_t *index = json_pack("{s:i, s:O, s:O}", "schemaVersion", 2, "manifests", checkpoint->parts, "annotations",
                            checkpoint->annotations);
  struct ctd_labels labels = {0};
  char *text = NULL, *ref = ctd_format(err, "%s%s", checkpoint->record->id, suffix), digest[CTD_DIGEST_SIZE];
  int result = -1;
  if (!index)
    ctd_error_nomem(err);
  else if (ref && !ctd_json_dump(index, &text, err) && !part_labels(checkpoint, &labels, err) &&
           !ctd_sha256_of(text, strlen(text), digest, err) &&
           !ctd_content_put(checkpoint->client, ref, digest, text, strlen(text), &labels, checkpoint->scope, err))
    result = ctd_descriptor_make(out, INDEX_TYPE, digest, (int64_t)strlen(text), err);
  json_decref(index);
  ctd_labels_free(&labels);
  free(text);
  free(ref);
  return result;
}

static int image_make(const struct checkpoint *checkpoint, const char *suffix, const char *name,
                      const struct ctd_labels *labels, struct ctd_image **out, struct ctd_error *err) {
  struct ctd_descriptor target = {0};
  int result = index_write(checkpoint, suffix, &target, err);
  if (!result)
    result = ctd_image_create(checkpoint->owner, name, &target, labels, checkpoint->scope, out, err);
  ctd_descriptor_free(&target);
  return result;
}

/* Begins with a record of now, under a lease; checkpoint_end takes both back. */
static int checkpoint_begin(struct checkpoint *checkpoint, struct ctd_client *client, const char *id,
                            struct ctd_container **container, struct ctd_scope *scope, struct ctd_error *err) {
  *checkpoint =
      (struct checkpoint){.owner = client, .scope = scope, .parts = json_array(), .annotations = json_object()};
  *container = NULL;
  if (!checkpoint->parts || !checkpoint->annotations) {
    ctd_error_nomem(err);
    return -1;
  }
  if (ctd_lease_begin(client, &checkpoint->client, scope, err) ||
      ctd_container_get(checkpoint->client, id, scope, container, err))
    return -1;
  checkpoint->record = ctd_container_record(*container);
  return 0;
}

static void checkpoint_end(struct checkpoint *checkpoint, struct ctd_container *container) {
  ctd_container_unref(container);
  ctd_lease_end(checkpoint->owner, checkpoint->client);
  json_decref(checkpoint->parts);
  json_decref(checkpoint->annotations);
}

static int container_parts(const struct checkpoint *checkpoint, const struct ctd_checkpoint_options *options,
                           struct ctd_error *err) {
  const struct ctd_container_info *record = checkpoint->record;
  CheckpointOptions task = CONTAINERD__RUNC__V1__CHECKPOINT_OPTIONS__INIT;
  task.exit = options->exit;
  task.file_locks = true;
  if (!*record->image)
    return ctd_error_set(err, CTD_FAILED_PRECONDITION, "the container was made from no image");
  if (options->exit && !options->task)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "exit: only of a task that is in the checkpoint");
  if (annotate(checkpoint, CTD_CHECKPOINT_IMAGE, record->image, err) ||
      annotate(checkpoint, CTD_CHECKPOINT_RUNTIME, record->runtime, err) ||
      annotate(checkpoint, CTD_CHECKPOINT_SNAPSHOTTER, record->snapshotter, err) ||
      (options->image && add_image(checkpoint, err)) ||
      (options->task ? add_task(checkpoint, &task, true, err) : add_spec(checkpoint, err)) ||
      (options->runtime && add_runtime(checkpoint, err)) || (options->rw && add_layer(checkpoint, err)))
    return -1;
  return 0;
}

int ctd_checkpoint_container(struct ctd_container *container, const char *name,
                             const struct ctd_checkpoint_options *options, struct ctd_scope *scope,
                             struct ctd_image **out, struct ctd_error *err) {
  static const struct ctd_labels none;
  struct ctd_client *client = ctd_container_client(container);
  const char *id = ctd_container_id(container);
  struct checkpoint checkpoint;
  struct ctd_container *fresh;
  int result = checkpoint_begin(&checkpoint, client, id, &fresh, scope, err);
  if (!result)
    result = container_parts(&checkpoint, options, err);
  if (!result)
    result = image_make(&checkpoint, "index", name, &none, out, err);
  checkpoint_end(&checkpoint, fresh);
  return result ? ctd_client_failed(client, err, "checkpoint", "of container %s as %s", id, name) : 0;
}

static int task_parts(const struct checkpoint *checkpoint, const CheckpointOptions *options, struct ctd_error *err) {
  if (add_task(checkpoint, options, false, err))
    return -1;
  if (*options->image_path)
    return 0;
  if (*checkpoint->record->image &&
      (add_image(checkpoint, err) || annotate(checkpoint, CTD_CHECKPOINT_TASK_IMAGE, checkpoint->record->image, err)))
    return -1;
  return *checkpoint->record->snapshot_key ? add_layer(checkpoint, err) : 0;
}

/* A task that is about to be gone, or is, can't go on. */
static void task_resume(struct ctd_process *task) {
  struct ctd_error ignored = {0};
  struct ctd_scope scope;
  ctd_scope_init(&scope, RESUME_TIMEOUT);
  ctd_task_resume(task, &scope, &ignored);
  ctd_error_clear(&ignored);
}

static int paused_parts(const struct checkpoint *checkpoint, struct ctd_process *task, const CheckpointOptions *options,
                        struct ctd_error *err) {
  struct ctd_process_status status;
  if (ctd_process_status(task, checkpoint->scope, &status, err))
    return -1;
  if (!strcmp(status.status, "paused"))
    return task_parts(checkpoint, options, err);
  int result = ctd_task_pause(task, checkpoint->scope, err);
  if (!result)
    result = task_parts(checkpoint, options, err);
  task_resume(task);
  return result;
}

/* "01-02-2006-15:04:05" in Go's way of saying it. */
static char *default_name(const char *id, struct ctd_error *err) {
  time_t now = time(NULL);
  struct tm local;
  char text[32];
  strftime(text, sizeof text, "%m-%d-%Y-%H:%M:%S", localtime_r(&now, &local));
  return ctd_format(err, "containerd.io/checkpoint/%s:%s", id, text);
}

static int task_image(const struct checkpoint *checkpoint, const char *name, struct ctd_image **out,
                      struct ctd_error *err) {
  struct ctd_labels labels = {0};
  char *own_name = name ? NULL : default_name(checkpoint->record->id, err);
  int result = name || own_name ? ctd_labels_set(&labels, "containerd.io/checkpoint", "true", err) : -1;
  if (!result)
    result = image_make(checkpoint, "", name ? name : own_name, &labels, out, err);
  ctd_labels_free(&labels);
  free(own_name);
  return result;
}

int ctd_checkpoint_task(struct ctd_process *task, const char *name, const CheckpointOptions *options,
                        struct ctd_scope *scope, struct ctd_image **out, struct ctd_error *err) {
  struct ctd_client *client = ctd_process_client(task);
  struct checkpoint checkpoint;
  struct ctd_container *container;
  *out = NULL;
  int result = checkpoint_begin(&checkpoint, client, ctd_process_id(task), &container, scope, err);
  if (!result)
    result = paused_parts(&checkpoint, task, options, err);
  if (!result && !*options->image_path)
    result = task_image(&checkpoint, name, out, err);
  checkpoint_end(&checkpoint, container);
  return result ? ctd_process_failed(task, err, "checkpoint") : 0;
}
