#include "base/json.h"
#include "client/any.h"
#include "client/checkpoint.h"
#include "client/insist.h"
#include "client/runtime_message.h"
#include "client/snapshot.h"
#include "client/task.h"
#include "tasks.pb-c.h"
#include <stdlib.h>
#include <string.h>

#define METHOD(name) "/containerd.services.tasks.v1.Tasks/" name

/* How long taking back a task may last, in seconds. */
#define UNDO_TIMEOUT 10.0

typedef Containerd__Services__Tasks__V1__CreateTaskRequest CreateRequest;
typedef Containerd__Services__Tasks__V1__CreateTaskResponse CreateResponse;

/* The shim looks at the request, the runtime at the spec: if they don't agree, neither says so. */
static int check_terminal(const struct ctd_container_info *record, bool terminal, struct ctd_error *err) {
  json_t *spec = NULL, *process;
  bool wanted = false;
  int result = ctd_json_parse(&spec, record->spec, strlen(record->spec), "the container's spec", err);
  if (!result)
    result = ctd_json_object(spec, "process", &process, err);
  if (!result && process)
    result = ctd_json_bool(process, "terminal", &wanted, false, err);
  json_decref(spec);
  if (result || wanted == terminal)
    return result;
  return ctd_error_set(err, CTD_INVALID_ARGUMENT,
                       wanted ? "the container has a terminal: the task must have one too"
                              : "the container has no terminal: the task can't have one");
}

/* Those that are given, or those of the container's snapshot, which the request borrows from `mounts`. */
static int rootfs_mounts(struct ctd_container *container, const struct ctd_task_options *options,
                         struct ctd_mounts *mounts, CreateRequest *request, struct ctd_scope *scope,
                         struct ctd_error *err) {
  const struct ctd_container_info *record = ctd_container_record(container);
  request->rootfs = options->mounts;
  request->n_rootfs = options->mount_count;
  if (options->mounts || !*record->snapshot_key)
    return 0;
  if (ctd_snapshot_mounts(ctd_container_client(container), record->snapshotter, record->snapshot_key, mounts, scope,
                          err) ||
      ctd_mounts_to_messages(mounts, &request->rootfs, err))
    return -1;
  request->n_rootfs = mounts->count;
  return 0;
}

/* What the runtime gets to go on from, and its options; the message borrows all. */
struct resumption {
  struct ctd_manifest index;
  Containerd__Types__Descriptor memory;
  struct ctd_typed options;
  Google__Protobuf__Any any;
};

static void resumption_free(struct resumption *resumption) {
  ctd_manifest_free(&resumption->index);
  ctd_typed_free(&resumption->options);
}

static int resume_image(struct resumption *resumption, struct ctd_image *checkpoint, CreateRequest *request,
                        struct ctd_scope *scope, struct ctd_error *err) {
  if (ctd_checkpoint_read(checkpoint, scope, &resumption->index, err))
    return -1;
  const struct ctd_descriptor *memory = ctd_checkpoint_part(&resumption->index, CTD_CHECKPOINT_MEMORY);
  if (!memory)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "image %s is no checkpoint of a task", ctd_image_name(checkpoint));
  containerd__types__descriptor__init(&resumption->memory);
  resumption->memory.media_type = memory->media_type;
  resumption->memory.digest = memory->digest;
  resumption->memory.size = memory->size;
  request->checkpoint = &resumption->memory;
  return 0;
}

/* The options that the container gives its runtime, as an object. */
static int runtime_options(const struct ctd_container_info *record, json_t **out, struct ctd_error *err) {
  const struct ctd_typed *options = &record->runtime_options;
  if (!options->type_url)
    return (*out = json_object()) ? 0 : ctd_error_nomem(err);
  if (ctd_runtime_message_unpack(out, options, err))
    return -1;
  return *out ? 0 : ctd_error_set(err, CTD_UNIMPLEMENTED, "the runtime options %s can't be changed", options->type_url);
}

/* Beside what the options set, the container's own count. */
static int set_runtime_options(struct resumption *resumption, const struct ctd_container_info *record,
                               const struct ctd_task_options *options, CreateRequest *request, struct ctd_error *err) {
  json_t *fields = NULL;
  int result = runtime_options(record, &fields, err);
  if (!result && options->runtime_options && json_object_update(fields, options->runtime_options))
    result = ctd_error_nomem(err);
  if (!result && options->checkpoint_path)
    result = ctd_json_put(fields, "criu_image_path", json_string(options->checkpoint_path), err);
  if (!result)
    result = ctd_runtime_message_pack(&resumption->options, fields, err);
  json_decref(fields);
  resumption->any = ctd_typed_any(&resumption->options);
  request->options = &resumption->any;
  return result;
}

static int task_resume(struct resumption *resumption, const struct ctd_container_info *record,
                       const struct ctd_task_options *options, CreateRequest *request, struct ctd_scope *scope,
                       struct ctd_error *err) {
  if (options->checkpoint && resume_image(resumption, options->checkpoint, request, scope, err))
    return -1;
  if (!options->checkpoint_path && !options->runtime_options)
    return 0;
  return set_runtime_options(resumption, record, options, request, err);
}

static int task_request(struct ctd_process *task, CreateRequest *request, struct ctd_scope *scope,
                        struct ctd_error *err) {
  CreateResponse *reply;
  const struct ctd_stdio *stdio = ctd_process_stdio(task);
  request->container_id = (char *)ctd_process_id(task);
  request->stdin = (char *)ctd_stdio_path(stdio, 0);
  request->stdout = (char *)ctd_stdio_path(stdio, 1);
  request->stderr = (char *)ctd_stdio_path(stdio, 2);
  request->terminal = ctd_stdio_terminal(stdio);
  if (ctd_insist(ctd_client_target(ctd_process_client(task)), METHOD("Create"), &request->base,
                 &containerd__services__tasks__v1__create_task_response__descriptor, (ProtobufCMessage **)&reply, scope,
                 err))
    return -1;
  ctd_process_created(task, reply->pid);
  protobuf_c_message_free_unpacked(&reply->base, NULL);
  return 0;
}

void ctd_task_undo(struct ctd_process *process) {
  struct ctd_error ignored = {0};
  struct ctd_scope scope;
  struct ctd_exit exit;
  ctd_scope_init(&scope, UNDO_TIMEOUT);
  ctd_process_delete(process, true, &scope, &exit, &ignored);
  ctd_error_clear(&ignored);
}

static int task_create(struct ctd_container *container, const struct ctd_task_options *options, struct ctd_scope *scope,
                       struct ctd_process **out, struct ctd_error *err) {
  const struct ctd_container_info *record = ctd_container_record(container);
  struct ctd_stdio *stdio = NULL;
  struct ctd_process *task = NULL;
  struct ctd_mounts mounts = {0};
  struct resumption resumption = {0};
  CreateRequest request = CONTAINERD__SERVICES__TASKS__V1__CREATE_TASK_REQUEST__INIT;
  if (check_terminal(record, options->stdio.terminal, err) ||
      ctd_stdio_open(&stdio, NULL, record->id, &options->stdio, err) ||
      ctd_process_new(ctd_container_client(container), record->id, "", stdio, &task, err) ||
      rootfs_mounts(container, options, &mounts, &request, scope, err) ||
      task_resume(&resumption, record, options, &request, scope, err) || task_request(task, &request, scope, err))
    goto out;
  if (ctd_scope_check(scope, err)) {
    ctd_task_undo(task);
    goto out;
  }
  *out = task;
  task = NULL;
out:
  if (request.rootfs != options->mounts)
    free(request.rootfs);
  ctd_mounts_free(&mounts);
  resumption_free(&resumption);
  ctd_process_unref(task);
  return *out ? 0 : -1;
}

int ctd_task_create(struct ctd_container *container, const struct ctd_task_options *options, struct ctd_scope *scope,
                    struct ctd_process **out, struct ctd_error *err) {
  *out = NULL;
  int result = ctd_container_begin_task(container, err);
  if (!result) {
    result = task_create(container, options, scope, out, err);
    ctd_container_end_task(container);
  }
  if (!result)
    return 0;
  return ctd_client_failed(ctd_container_client(container), err, "new_task", "of container %s",
                           ctd_container_id(container));
}
