#include "base/json.h"
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

/* Those of the container, and over them what is given for the task; nothing is given: the daemon takes the former. */
static int make_options(const struct ctd_container_info *record, const json_t *given, struct ctd_typed *out,
                        struct ctd_error *err) {
  json_t *fields;
  if (!given)
    return 0;
  if (ctd_runtime_message_unpack(&fields, &record->runtime_options, err))
    return -1;
  if (!fields)
    fields = json_object();
  int result = json_object_update(fields, (json_t *)given) ? ctd_error_nomem(err) : 0;
  if (!result)
    result = ctd_runtime_message_pack(out, fields, err);
  json_decref(fields);
  return result ? ctd_error_prefix(err, "runtime_options") : 0;
}

/* The mounts of the container's snapshot. The caller frees *messages with free(), and the mounts. */
static int snapshot_mounts(struct ctd_container *container, struct ctd_mounts *mounts,
                           Containerd__Types__Mount ***messages, struct ctd_scope *scope, struct ctd_error *err) {
  const struct ctd_container_info *record = ctd_container_record(container);
  if (!*record->snapshot_key)
    return 0;
  if (ctd_snapshot_mounts(ctd_container_client(container), record->snapshotter, record->snapshot_key, mounts, scope,
                          err))
    return -1;
  return ctd_mounts_to_messages(mounts, messages, err);
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

/* With the root's mounts. */
static int task_send(struct ctd_process *task, struct ctd_container *container, const struct ctd_task_options *options,
                     CreateRequest *request, struct ctd_scope *scope, struct ctd_error *err) {
  struct ctd_mounts mounts = {0};
  Containerd__Types__Mount **messages = NULL;
  int result = 0;
  request->rootfs = options->mounts;
  request->n_rootfs = options->mount_count;
  if (!options->mounts) {
    result = snapshot_mounts(container, &mounts, &messages, scope, err);
    request->rootfs = messages;
    request->n_rootfs = mounts.count;
  }
  if (!result)
    result = task_request(task, request, scope, err);
  free(messages);
  ctd_mounts_free(&mounts);
  return result;
}

void ctd_task_undo(struct ctd_process *process) {
  struct ctd_error ignored = {0};
  struct ctd_scope scope;
  struct ctd_exit exit;
  ctd_scope_init(&scope, UNDO_TIMEOUT);
  ctd_process_delete(process, true, &scope, &exit, &ignored);
  ctd_error_clear(&ignored);
}

/* With the runtime's options. */
static int task_make(struct ctd_process *task, struct ctd_container *container, const struct ctd_task_options *options,
                     struct ctd_scope *scope, struct ctd_error *err) {
  CreateRequest request = CONTAINERD__SERVICES__TASKS__V1__CREATE_TASK_REQUEST__INIT;
  struct ctd_typed runtime_options = {0};
  int result = make_options(ctd_container_record(container), options->runtime_options, &runtime_options, err);
  Google__Protobuf__Any any = ctd_typed_any(&runtime_options);
  request.options = runtime_options.type_url ? &any : NULL;
  if (!result)
    result = task_send(task, container, options, &request, scope, err);
  ctd_typed_free(&runtime_options);
  return result;
}

static int task_create(struct ctd_container *container, const struct ctd_task_options *options, struct ctd_scope *scope,
                       struct ctd_process **out, struct ctd_error *err) {
  const struct ctd_container_info *record = ctd_container_record(container);
  struct ctd_stdio *stdio;
  struct ctd_process *task;
  if (check_terminal(record, options->stdio.terminal, err) ||
      ctd_stdio_open(&stdio, NULL, record->id, &options->stdio, err) ||
      ctd_process_new(ctd_container_client(container), record->id, "", stdio, &task, err))
    return -1;
  int result = task_make(task, container, options, scope, err);
  if (!result && (result = ctd_scope_check(scope, err)))
    ctd_task_undo(task);
  if (result)
    ctd_process_unref(task);
  else
    *out = task;
  return result;
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
