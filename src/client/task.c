#include "client/task.h"
#include "base/buffer.h"
#include "base/json.h"
#include "client/any.h"
#include "oci/runtime_spec.h"
#include "rpc/call.h"
#include "runc_options.pb-c.h"
#include "tasks.pb-c.h"
#include <stdlib.h>
#include <string.h>

#define METHOD(name) "/containerd.services.tasks.v1.Tasks/" name
#define RESOURCES_TYPE "types.containerd.io/opencontainers/runtime-spec/1/LinuxResources"

typedef Containerd__Services__Tasks__V1__GetResponse GetResponse;
typedef Containerd__Services__Tasks__V1__PauseTaskRequest PauseRequest;
typedef Containerd__Services__Tasks__V1__ResumeTaskRequest ResumeRequest;
typedef Containerd__Services__Tasks__V1__ListPidsRequest PidsRequest;
typedef Containerd__Services__Tasks__V1__ListPidsResponse PidsResponse;
typedef Containerd__Services__Tasks__V1__UpdateTaskRequest UpdateRequest;

/* The process that the daemon has, without streams. */
static int load(struct ctd_client *client, const char *id, const char *exec_id, struct ctd_scope *scope,
                struct ctd_process **out, struct ctd_error *err) {
  GetResponse *reply;
  struct ctd_process *process;
  *out = NULL;
  if (ctd_process_new(client, id, exec_id, NULL, &process, err))
    return -1;
  int result = ctd_process_get(process, &reply, scope, err);
  if (result) {
    ctd_process_unref(process);
    return result;
  }
  ctd_process_created(process, reply->process->pid);
  protobuf_c_message_free_unpacked(&reply->base, NULL);
  *out = process;
  return 0;
}

int ctd_task_load(struct ctd_container *container, struct ctd_scope *scope, struct ctd_process **out,
                  struct ctd_error *err) {
  struct ctd_client *client = ctd_container_client(container);
  int result = load(client, ctd_container_id(container), "", scope, out, err);
  return result < 0 ? ctd_client_failed(client, err, "task", "%s", ctd_container_id(container)) : result;
}

int ctd_task_process(struct ctd_process *task, const char *exec_id, struct ctd_scope *scope, struct ctd_process **out,
                     struct ctd_error *err) {
  struct ctd_client *client = ctd_process_client(task);
  const char *id = ctd_process_id(task);
  *out = NULL;
  int result = *exec_id ? load(client, id, exec_id, scope, out, err)
                        : ctd_error_set(err, CTD_INVALID_ARGUMENT, "the exec id is empty");
  return result < 0 ? ctd_client_failed(client, err, "process", "%s of task %s", exec_id, id) : result;
}

int ctd_task_pause(struct ctd_process *task, struct ctd_scope *scope, struct ctd_error *err) {
  PauseRequest request = CONTAINERD__SERVICES__TASKS__V1__PAUSE_TASK_REQUEST__INIT;
  request.container_id = (char *)ctd_process_id(task);
  int result =
      ctd_call(ctd_client_target(ctd_process_client(task)), METHOD("Pause"), &request.base, NULL, NULL, scope, err);
  return result < 0 ? ctd_process_failed(task, err, "pause") : result;
}

int ctd_task_resume(struct ctd_process *task, struct ctd_scope *scope, struct ctd_error *err) {
  ResumeRequest request = CONTAINERD__SERVICES__TASKS__V1__RESUME_TASK_REQUEST__INIT;
  request.container_id = (char *)ctd_process_id(task);
  int result =
      ctd_call(ctd_client_target(ctd_process_client(task)), METHOD("Resume"), &request.base, NULL, NULL, scope, err);
  return result < 0 ? ctd_process_failed(task, err, "resume") : result;
}

/* What the runc shim adds to processes that were added by exec. */
static int read_exec_id(const Google__Protobuf__Any *info, char **out, struct ctd_error *err) {
  if (!info || strcmp(info->type_url, "containerd.runc.v1.ProcessDetails") != 0)
    return 0;
  Containerd__Runc__V1__ProcessDetails *details =
      containerd__runc__v1__process_details__unpack(NULL, info->value.len, info->value.data);
  if (!details)
    return ctd_error_set(err, CTD_DATA_LOSS, "the details of a process can't be decoded");
  int result = *details->exec_id ? ctd_copy_string(out, details->exec_id, err) : 0;
  protobuf_c_message_free_unpacked(&details->base, NULL);
  return result;
}

static int read_pids(const PidsResponse *reply, struct ctd_task_pids *out, struct ctd_error *err) {
  out->items = calloc(reply->n_processes + 1, sizeof *out->items);
  if (!out->items)
    return ctd_error_nomem(err);
  for (; out->count < reply->n_processes; out->count++) {
    struct ctd_task_pid *item = &out->items[out->count];
    item->pid = reply->processes[out->count]->pid;
    if (read_exec_id(reply->processes[out->count]->info, &item->exec_id, err)) {
      ctd_task_pids_free(out);
      return -1;
    }
  }
  return 0;
}

int ctd_task_pids(struct ctd_process *task, struct ctd_scope *scope, struct ctd_task_pids *out, struct ctd_error *err) {
  PidsRequest request = CONTAINERD__SERVICES__TASKS__V1__LIST_PIDS_REQUEST__INIT;
  PidsResponse *reply;
  request.container_id = (char *)ctd_process_id(task);
  *out = (struct ctd_task_pids){0};
  int result = ctd_call(ctd_client_target(ctd_process_client(task)), METHOD("ListPids"), &request.base,
                        &containerd__services__tasks__v1__list_pids_response__descriptor, (ProtobufCMessage **)&reply,
                        scope, err);
  if (!result) {
    result = read_pids(reply, out, err);
    protobuf_c_message_free_unpacked(&reply->base, NULL);
  }
  return result < 0 ? ctd_process_failed(task, err, "pids") : result;
}

void ctd_task_pids_free(struct ctd_task_pids *pids) {
  for (size_t i = 0; i < pids->count; i++)
    free(pids->items[i].exec_id);
  free(pids->items);
  *pids = (struct ctd_task_pids){0};
}

/* The limits as a spec would have them, with the other resources over them; the text of linux.resources. */
static int update_resources(const struct ctd_task_update *update, char **out, struct ctd_error *err) {
  json_t *spec = json_object(), *resources = NULL;
  int result = spec ? 0 : ctd_error_nomem(err);
  if (!result)
    result = ctd_runtime_options_apply(spec, &update->limits, NULL, err);
  if (!result)
    result = (resources = ctd_runtime_spec_at(spec, "linux.resources", err)) ? 0 : -1;
  if (!result && update->resources && json_object_update_recursive(resources, (json_t *)update->resources))
    result = ctd_error_set(err, CTD_INVALID_ARGUMENT, "resources: want an object");
  if (!result)
    result = ctd_json_dump(resources, out, err);
  json_decref(spec);
  return result;
}

static int update_send(struct ctd_process *task, const struct ctd_task_update *update, char *resources,
                       struct ctd_scope *scope, struct ctd_error *err) {
  UpdateRequest request = CONTAINERD__SERVICES__TASKS__V1__UPDATE_TASK_REQUEST__INIT;
  Google__Protobuf__Any any = GOOGLE__PROTOBUF__ANY__INIT;
  any.type_url = RESOURCES_TYPE;
  any.value = (ProtobufCBinaryData){strlen(resources), (uint8_t *)resources};
  request.container_id = (char *)ctd_process_id(task);
  request.resources = &any;
  if (ctd_map_from_labels(&update->annotations,
                          &containerd__services__tasks__v1__update_task_request__annotations_entry__descriptor,
                          &request.annotations, &request.n_annotations, err))
    return -1;
  int result =
      ctd_call(ctd_client_target(ctd_process_client(task)), METHOD("Update"), &request.base, NULL, NULL, scope, err);
  free(request.annotations);
  return result;
}

int ctd_task_update(struct ctd_process *task, const struct ctd_task_update *update, struct ctd_scope *scope,
                    struct ctd_error *err) {
  char *resources;
  int result = update_resources(update, &resources, err);
  if (!result) {
    result = update_send(task, update, resources, scope, err);
    free(resources);
  }
  return result < 0 ? ctd_process_failed(task, err, "update") : result;
}
