#include "base/json.h"
#include "client/insist.h"
#include "client/mount.h"
#include "client/task.h"
#include "oci/runtime_spec.h"
#include "tasks.pb-c.h"
#include <stdlib.h>
#include <string.h>

#define PROCESS_TYPE "types.containerd.io/opencontainers/runtime-spec/1/Process"

typedef Containerd__Services__Tasks__V1__ExecProcessRequest ExecRequest;

/* The container's spec, of which only the process is of interest. */
static int read_spec(const struct ctd_container_info *record, json_t **out, struct ctd_error *err) {
  json_t *process;
  if (ctd_json_parse(out, record->spec, strlen(record->spec), "the container's spec", err) ||
      ctd_json_object(*out, "process", &process, err))
    return -1;
  return process ? 0 : ctd_error_set(err, CTD_FAILED_PRECONDITION, "the container's spec has no process");
}

/* Looks into the container's snapshot, or into its root directory if it has none. */
static int open_rootfs(struct ctd_container *container, const json_t *spec, struct ctd_mount_view *view,
                       struct ctd_scope *scope, struct ctd_error *err) {
  const struct ctd_container_info *record = ctd_container_record(container);
  struct ctd_mounts mounts = {0};
  int result;
  if (*record->snapshot_key) {
    result = ctd_snapshot_mounts(ctd_container_client(container), record->snapshotter, record->snapshot_key, &mounts,
                                 scope, err);
    if (!result)
      result = ctd_mount_view_open(view, &mounts, err);
    ctd_mounts_free(&mounts);
    return result;
  }
  const char *path = json_string_value(json_object_get(json_object_get(spec, "root"), "path"));
  struct ctd_mount mount = {.type = "bind", .source = (char *)path, .options = (char *[]){NULL}};
  if (!path || *path != '/')
    return ctd_error_set(err, CTD_FAILED_PRECONDITION, "the container has neither a snapshot nor an absolute root");
  return ctd_mount_view_open(view, &(struct ctd_mounts){&mount, 1}, err);
}

/* The user that is asked for, else the container's; with further groups. */
static int apply_user(json_t *spec, struct ctd_container *container, const struct ctd_runtime_options *options,
                      struct ctd_scope *scope, struct ctd_error *err) {
  struct ctd_mount_view view;
  struct ctd_user user = {0};
  if (open_rootfs(container, spec, &view, scope, err))
    return -1;
  int result = options->user ? ctd_user_lookup(&user, options->user, &view.root, err)
                             : ctd_runtime_spec_get_user(&user, spec, err);
  if (!result && options->additional_groups)
    result = ctd_user_lookup_groups(&user, options->additional_groups, &view.root, err);
  if (!result)
    result = ctd_runtime_spec_put_user(spec, &user, err);
  ctd_user_free(&user);
  ctd_mount_view_close(&view);
  return result;
}

static bool has_term(const json_t *process) {
  json_t *entry;
  size_t i;
  json_array_foreach(json_object_get(process, "env"), i, entry) {
    const char *text = json_string_value(entry);
    if (text && !strncmp(text, "TERM=", 5))
      return true;
  }
  return false;
}

/* It's this process's own, not the container's. Where nothing says what terminal it is, it's one that all know. */
static int apply_terminal(json_t *spec, bool terminal, struct ctd_error *err) {
  json_t *process = json_object_get(spec, "process");
  if (ctd_json_put(process, "terminal", json_boolean(terminal), err))
    return -1;
  json_object_del(process, "consoleSize");
  if (!terminal || has_term(process))
    return 0;
  json_t *term = json_pack("[s]", "TERM=xterm");
  int result = term ? ctd_runtime_spec_put_env(spec, term, err) : ctd_error_nomem(err);
  json_decref(term);
  return result;
}

/* The process as the runtime is told it. */
static int make_process(struct ctd_container *container, const struct ctd_exec_options *options,
                        struct ctd_scope *scope, char **out, struct ctd_error *err) {
  const struct ctd_runtime_options *process = &options->process;
  json_t *spec = NULL;
  int result = -1;
  if (!read_spec(ctd_container_record(container), &spec, err) &&
      ((!process->user && !process->additional_groups) || !apply_user(spec, container, process, scope, err)) &&
      !ctd_runtime_options_apply(spec, process, NULL, err) && !apply_terminal(spec, options->stdio.terminal, err))
    result = ctd_json_dump(json_object_get(spec, "process"), out, err);
  json_decref(spec);
  return result;
}

static int exec_request(struct ctd_process *process, char *spec, struct ctd_scope *scope, struct ctd_error *err) {
  ExecRequest request = CONTAINERD__SERVICES__TASKS__V1__EXEC_PROCESS_REQUEST__INIT;
  Google__Protobuf__Any any = GOOGLE__PROTOBUF__ANY__INIT;
  const struct ctd_stdio *stdio = ctd_process_stdio(process);
  any.type_url = PROCESS_TYPE;
  any.value = (ProtobufCBinaryData){strlen(spec), (uint8_t *)spec};
  request.container_id = (char *)ctd_process_id(process);
  request.exec_id = (char *)ctd_process_exec_id(process);
  request.stdin = (char *)ctd_stdio_path(stdio, 0);
  request.stdout = (char *)ctd_stdio_path(stdio, 1);
  request.stderr = (char *)ctd_stdio_path(stdio, 2);
  request.terminal = ctd_stdio_terminal(stdio);
  request.spec = &any;
  if (ctd_insist(ctd_client_target(ctd_process_client(process)), "/containerd.services.tasks.v1.Tasks/Exec",
                 &request.base, NULL, NULL, scope, err))
    return -1;
  ctd_process_created(process, 0);
  return 0;
}

static int exec_create(struct ctd_container *container, const char *exec_id, const struct ctd_exec_options *options,
                       struct ctd_scope *scope, struct ctd_process **out, struct ctd_error *err) {
  struct ctd_stdio *stdio;
  struct ctd_process *process = NULL;
  char *spec;
  if (make_process(container, options, scope, &spec, err))
    return -1;
  int result = ctd_stdio_open(&stdio, NULL, exec_id, &options->stdio, err);
  if (!result)
    result =
        ctd_process_new(ctd_container_client(container), ctd_container_id(container), exec_id, stdio, &process, err);
  if (!result)
    result = exec_request(process, spec, scope, err);
  if (!result && (result = ctd_scope_check(scope, err)))
    ctd_task_undo(process);
  free(spec);
  if (result)
    ctd_process_unref(process);
  else
    *out = process;
  return result;
}

int ctd_task_exec(struct ctd_process *task, const char *exec_id, const struct ctd_exec_options *options,
                  struct ctd_scope *scope, struct ctd_process **out, struct ctd_error *err) {
  struct ctd_client *client = ctd_process_client(task);
  struct ctd_container *container = NULL;
  int result = -1;
  *out = NULL;
  if (!ctd_identifier_check("process's id", exec_id, err) &&
      !ctd_container_get(client, ctd_process_id(task), scope, &container, err))
    result = exec_create(container, exec_id, options, scope, out, err);
  ctd_container_unref(container);
  return result ? ctd_client_failed(client, err, "exec", "%s in container %s", exec_id, ctd_process_id(task)) : 0;
}
