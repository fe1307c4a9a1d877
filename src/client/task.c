#include "client/task.h"
#include "base/buffer.h"
#include "client/any.h"
#include "client/close_io.h"
#include "client/insist.h"
#include "rpc/call.h"
#include "tasks.pb-c.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define METHOD(name) "/containerd.services.tasks.v1.Tasks/" name

typedef Containerd__Services__Tasks__V1__StartRequest StartRequest;
typedef Containerd__Services__Tasks__V1__StartResponse StartResponse;
typedef Containerd__Services__Tasks__V1__DeleteTaskRequest DeleteRequest;
typedef Containerd__Services__Tasks__V1__DeleteResponse DeleteResponse;
typedef Containerd__Services__Tasks__V1__GetRequest GetRequest;
typedef Containerd__Services__Tasks__V1__GetResponse GetResponse;
typedef Containerd__Services__Tasks__V1__KillRequest KillRequest;
typedef Containerd__Services__Tasks__V1__WaitRequest WaitRequest;
typedef Containerd__Services__Tasks__V1__WaitResponse WaitResponse;

struct ctd_task {
  atomic_int references;
  struct ctd_client *client;
  char *id;
  atomic_uint pid;
  atomic_bool deleting;
  struct ctd_stdio *stdio;       /* NULL: loaded */
  struct ctd_close_io *close_io; /* for stdio */
};

int ctd_task_new(struct ctd_container *container, struct ctd_stdio *stdio, struct ctd_task **out,
                 struct ctd_error *err) {
  struct ctd_task *task = calloc(1, sizeof *task);
  *out = NULL;
  if (!task) {
    ctd_stdio_close(stdio);
    return ctd_error_nomem(err);
  }
  atomic_init(&task->references, 1);
  atomic_init(&task->pid, 0);
  atomic_init(&task->deleting, false);
  task->client = ctd_client_ref(ctd_container_client(container));
  task->stdio = stdio;
  if (ctd_copy_string(&task->id, ctd_container_id(container), err) ||
      (stdio && ctd_close_io_new(&task->close_io, task->client, task->id, err))) {
    ctd_task_unref(task);
    return -1;
  }
  *out = task;
  return 0;
}

void ctd_task_created(struct ctd_task *task, uint32_t pid) {
  atomic_store(&task->pid, pid);
  ctd_stdio_on_stdin_end(task->stdio, ctd_close_io_send, task->close_io);
}

struct ctd_task *ctd_task_ref(struct ctd_task *task) {
  atomic_fetch_add(&task->references, 1);
  return task;
}

void ctd_task_unref(struct ctd_task *task) {
  if (!task || atomic_fetch_sub(&task->references, 1) > 1)
    return;
  ctd_stdio_close(task->stdio);
  ctd_close_io_unref(task->close_io);
  ctd_client_unref(task->client);
  free(task->id);
  free(task);
}

struct ctd_client *ctd_task_client(const struct ctd_task *task) {
  return task->client;
}

const char *ctd_task_id(const struct ctd_task *task) {
  return task->id;
}

uint32_t ctd_task_pid(const struct ctd_task *task) {
  return atomic_load(&task->pid);
}

struct ctd_stdio *ctd_task_stdio(const struct ctd_task *task) {
  return task->stdio;
}

static int task_read(struct ctd_client *client, const char *id, GetResponse **reply, struct ctd_scope *scope,
                     struct ctd_error *err) {
  GetRequest request = CONTAINERD__SERVICES__TASKS__V1__GET_REQUEST__INIT;
  request.container_id = (char *)id;
  int result =
      ctd_call(ctd_client_target(client), METHOD("Get"), &request.base,
               &containerd__services__tasks__v1__get_response__descriptor, (ProtobufCMessage **)reply, scope, err);
  if (!result && !(*reply)->process) {
    protobuf_c_message_free_unpacked(&(*reply)->base, NULL);
    return ctd_error_set(err, CTD_DATA_LOSS, "the answer has no task");
  }
  return result;
}

int ctd_task_load(struct ctd_container *container, struct ctd_scope *scope, struct ctd_task **out,
                  struct ctd_error *err) {
  struct ctd_client *client = ctd_container_client(container);
  GetResponse *reply;
  int result = task_read(client, ctd_container_id(container), &reply, scope, err);
  if (!result) {
    result = ctd_task_new(container, NULL, out, err);
    if (!result)
      atomic_store(&(*out)->pid, reply->process->pid);
    protobuf_c_message_free_unpacked(&reply->base, NULL);
  }
  return result < 0 ? ctd_client_failed(client, err, "task", "%s", ctd_container_id(container)) : result;
}

int ctd_task_start(struct ctd_task *task, struct ctd_scope *scope, struct ctd_error *err) {
  StartRequest request = CONTAINERD__SERVICES__TASKS__V1__START_REQUEST__INIT;
  StartResponse *reply;
  request.container_id = task->id;
  int result =
      ctd_call(ctd_client_target(task->client), METHOD("Start"), &request.base,
               &containerd__services__tasks__v1__start_response__descriptor, (ProtobufCMessage **)&reply, scope, err);
  if (!result) {
    atomic_store(&task->pid, reply->pid);
    protobuf_c_message_free_unpacked(&reply->base, NULL);
  }
  return result < 0 ? ctd_client_failed(task->client, err, "start", "task %s", task->id) : result;
}

int ctd_task_wait(struct ctd_task *task, struct ctd_scope *scope, struct ctd_exit *out, struct ctd_error *err) {
  WaitRequest request = CONTAINERD__SERVICES__TASKS__V1__WAIT_REQUEST__INIT;
  WaitResponse *reply;
  request.container_id = task->id;
  int result =
      ctd_call(ctd_client_target(task->client), METHOD("Wait"), &request.base,
               &containerd__services__tasks__v1__wait_response__descriptor, (ProtobufCMessage **)&reply, scope, err);
  if (!result) {
    *out = (struct ctd_exit){reply->exit_status, ctd_timestamp_seconds(reply->exited_at)};
    protobuf_c_message_free_unpacked(&reply->base, NULL);
    if (task->stdio)
      ctd_stdio_stop_stdin(task->stdio);
  }
  return result < 0 ? ctd_client_failed(task->client, err, "wait", "task %s", task->id) : result;
}

int ctd_task_kill(struct ctd_task *task, int signal, bool all, struct ctd_scope *scope, struct ctd_error *err) {
  KillRequest request = CONTAINERD__SERVICES__TASKS__V1__KILL_REQUEST__INIT;
  request.container_id = task->id;
  request.signal = (uint32_t)signal;
  request.all = all;
  int result = ctd_call(ctd_client_target(task->client), METHOD("Kill"), &request.base, NULL, NULL, scope, err);
  return result < 0 ? ctd_client_failed(task->client, err, "kill", "task %s", task->id) : result;
}

static const char *status_name(Containerd__V1__Types__Status status) {
  static const char *const names[] = {"unknown", "created", "running", "stopped", "paused", "pausing"};
  return (unsigned)status < sizeof names / sizeof *names ? names[status] : names[0];
}

static int read_status(struct ctd_task *task, struct ctd_scope *scope, struct ctd_task_status *out,
                       struct ctd_error *err) {
  GetResponse *reply;
  int result = task_read(task->client, task->id, &reply, scope, err);
  if (result)
    return result;
  out->status = status_name(reply->process->status);
  out->pid = reply->process->pid;
  out->exit = (struct ctd_exit){reply->process->exit_status, ctd_timestamp_seconds(reply->process->exited_at)};
  protobuf_c_message_free_unpacked(&reply->base, NULL);
  return 0;
}

int ctd_task_status(struct ctd_task *task, struct ctd_scope *scope, struct ctd_task_status *out,
                    struct ctd_error *err) {
  int result = read_status(task, scope, out, err);
  return result < 0 ? ctd_client_failed(task->client, err, "status", "task %s", task->id) : result;
}

/* Kills everything in the container and waits; a process that is gone already is fine. */
static int task_end(struct ctd_task *task, struct ctd_scope *scope, struct ctd_error *err) {
  struct ctd_exit exit;
  if (ctd_task_kill(task, SIGKILL, true, scope, err)) {
    if (err->code != CTD_NOT_FOUND && err->code != CTD_FAILED_PRECONDITION)
      return -1;
    ctd_error_clear(err);
  }
  return ctd_task_wait(task, scope, &exit, err);
}

/* Whether a task in this state can be deleted as it is. */
static bool is_deletable(const struct ctd_task_status *status) {
  return !strcmp(status->status, "stopped") || !strcmp(status->status, "unknown") || !status->pid;
}

/*
 * Brings the task to a state in which it can be deleted, and waits for its output. One that was never started has done
 * nothing and is killed in any case: the shim would wait in vain for the end of its output.
 */
static int task_settle(struct ctd_task *task, bool kill, struct ctd_scope *scope, struct ctd_error *err) {
  struct ctd_task_status status;
  if (read_status(task, scope, &status, err))
    return -1;
  if (!is_deletable(&status)) {
    if (!kill && strcmp(status.status, "created") != 0)
      return ctd_error_set(err, CTD_FAILED_PRECONDITION, "it is %s, and must be stopped first", status.status);
    if (task_end(task, scope, err))
      return -1;
  }
  if (!task->stdio)
    return 0;
  ctd_stdio_stop_stdin(task->stdio);
  return ctd_stdio_wait(task->stdio, scope, err);
}

static int task_remove(struct ctd_task *task, struct ctd_scope *scope, struct ctd_exit *out, struct ctd_error *err) {
  DeleteRequest request = CONTAINERD__SERVICES__TASKS__V1__DELETE_TASK_REQUEST__INIT;
  DeleteResponse *reply;
  request.container_id = task->id;
  if (ctd_insist(ctd_client_target(task->client), METHOD("Delete"), &request.base,
                 &containerd__services__tasks__v1__delete_response__descriptor, (ProtobufCMessage **)&reply, scope,
                 err))
    return -1;
  *out = (struct ctd_exit){reply->exit_status, ctd_timestamp_seconds(reply->exited_at)};
  protobuf_c_message_free_unpacked(&reply->base, NULL);
  return 0;
}

static int task_delete(struct ctd_task *task, bool kill, struct ctd_scope *scope, struct ctd_exit *out,
                       struct ctd_error *err) {
  int result = task_settle(task, kill, scope, err);
  if (!result)
    result = task_remove(task, scope, out, err);
  if (task->stdio && (!result || err->code == CTD_NOT_FOUND))
    ctd_stdio_finish(task->stdio, scope);
  return result;
}

/* One at a time: a shim that is asked twice at once may tell nobody that it has done it. */
int ctd_task_delete(struct ctd_task *task, bool kill, struct ctd_scope *scope, struct ctd_exit *out,
                    struct ctd_error *err) {
  int result = 0;
  while (!result && atomic_exchange(&task->deleting, true))
    result = ctd_scope_sleep(scope, CTD_SLICE, err);
  if (!result) {
    result = task_delete(task, kill, scope, out, err);
    atomic_store(&task->deleting, false);
  }
  return result ? ctd_client_failed(task->client, err, "delete", "task %s", task->id) : 0;
}
