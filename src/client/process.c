#include "client/process.h"
#include "base/buffer.h"
#include "client/any.h"
#include "client/close_io.h"
#include "client/console.h"
#include "client/insist.h"
#include "rpc/call.h"
#include "tasks.pb-c.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define METHOD(name) "/containerd.services.tasks.v1.Tasks/" name

typedef Containerd__Services__Tasks__V1__StartRequest StartRequest;
typedef Containerd__Services__Tasks__V1__StartResponse StartResponse;
typedef Containerd__Services__Tasks__V1__DeleteTaskRequest DeleteTaskRequest;
typedef Containerd__Services__Tasks__V1__DeleteProcessRequest DeleteProcessRequest;
typedef Containerd__Services__Tasks__V1__DeleteResponse DeleteResponse;
typedef Containerd__Services__Tasks__V1__GetRequest GetRequest;
typedef Containerd__Services__Tasks__V1__GetResponse GetResponse;
typedef Containerd__Services__Tasks__V1__KillRequest KillRequest;
typedef Containerd__Services__Tasks__V1__ResizePtyRequest ResizeRequest;
typedef Containerd__Services__Tasks__V1__WaitRequest WaitRequest;
typedef Containerd__Services__Tasks__V1__WaitResponse WaitResponse;

struct ctd_process {
  atomic_int references;
  struct ctd_client *client;
  char *id, *exec_id;
  atomic_uint pid;
  atomic_bool started, deleting;
  struct ctd_close_io *close_io;
  _Atomic(struct ctd_stdio *) stdio; /* NULL: loaded */
  _Atomic(struct ctd_console *) console;
};

int ctd_process_new(struct ctd_client *client, const char *id, const char *exec_id, struct ctd_stdio *stdio,
                    struct ctd_process **out, struct ctd_error *err) {
  struct ctd_process *process = calloc(1, sizeof *process);
  *out = NULL;
  if (!process) {
    ctd_stdio_close(stdio);
    return ctd_error_nomem(err);
  }
  atomic_init(&process->references, 1);
  atomic_init(&process->stdio, stdio);
  process->client = ctd_client_ref(client);
  if (ctd_copy_string(&process->id, id, err) || ctd_copy_string(&process->exec_id, exec_id, err) ||
      ctd_close_io_new(&process->close_io, client, id, exec_id, err)) {
    ctd_process_unref(process);
    return -1;
  }
  *out = process;
  return 0;
}

void ctd_process_created(struct ctd_process *process, uint32_t pid) {
  struct ctd_stdio *stdio = ctd_process_stdio(process);
  atomic_store(&process->pid, pid);
  if (stdio) {
    ctd_stdio_keep(stdio);
    ctd_stdio_on_stdin_end(stdio, ctd_close_io_send, process->close_io);
  }
}

struct ctd_process *ctd_process_ref(struct ctd_process *process) {
  atomic_fetch_add(&process->references, 1);
  return process;
}

static void terminal_return(struct ctd_process *process) {
  ctd_console_close(atomic_exchange(&process->console, NULL));
}

void ctd_process_unref(struct ctd_process *process) {
  if (!process || atomic_fetch_sub(&process->references, 1) > 1)
    return;
  terminal_return(process);
  ctd_stdio_close(ctd_process_stdio(process));
  ctd_close_io_unref(process->close_io);
  ctd_client_unref(process->client);
  free(process->id);
  free(process->exec_id);
  free(process);
}

struct ctd_client *ctd_process_client(const struct ctd_process *process) {
  return process->client;
}

const char *ctd_process_id(const struct ctd_process *process) {
  return process->id;
}

const char *ctd_process_exec_id(const struct ctd_process *process) {
  return process->exec_id;
}

uint32_t ctd_process_pid(const struct ctd_process *process) {
  return atomic_load(&process->pid);
}

struct ctd_stdio *ctd_process_stdio(const struct ctd_process *process) {
  return atomic_load(&process->stdio);
}

int ctd_process_failed(const struct ctd_process *process, struct ctd_error *err, const char *op) {
  if (!*process->exec_id)
    return ctd_client_failed(process->client, err, op, "task %s", process->id);
  return ctd_client_failed(process->client, err, op, "process %s of container %s", process->exec_id, process->id);
}

int ctd_process_get(const struct ctd_process *process, GetResponse **reply, struct ctd_scope *scope,
                    struct ctd_error *err) {
  GetRequest request = CONTAINERD__SERVICES__TASKS__V1__GET_REQUEST__INIT;
  request.container_id = process->id;
  request.exec_id = process->exec_id;
  int result =
      ctd_call(ctd_client_target(process->client), METHOD("Get"), &request.base,
               &containerd__services__tasks__v1__get_response__descriptor, (ProtobufCMessage **)reply, scope, err);
  if (!result && !(*reply)->process) {
    protobuf_c_message_free_unpacked(&(*reply)->base, NULL);
    return ctd_error_set(err, CTD_DATA_LOSS, "the answer has no process");
  }
  return result;
}

/* Makes the terminal that the input comes from raw; *out is NULL if it's none. */
static int terminal_open(const struct ctd_process *process, const struct ctd_stdio *stdio, struct ctd_console **out,
                         struct ctd_error *err) {
  int tty = stdio ? ctd_stdio_tty(stdio) : -1;
  *out = NULL;
  return tty < 0 ? 0 : ctd_console_open(out, tty, process->client, process->id, process->exec_id, err);
}

static int terminal_take(struct ctd_process *process, struct ctd_error *err) {
  struct ctd_console *console;
  if (atomic_load(&process->console))
    return 0;
  if (terminal_open(process, ctd_process_stdio(process), &console, err))
    return -1;
  atomic_store(&process->console, console);
  return 0;
}

int ctd_process_start(struct ctd_process *process, struct ctd_scope *scope, struct ctd_error *err) {
  StartRequest request = CONTAINERD__SERVICES__TASKS__V1__START_REQUEST__INIT;
  StartResponse *reply;
  request.container_id = process->id;
  request.exec_id = process->exec_id;
  if (!atomic_load(&process->started) && terminal_take(process, err))
    return ctd_process_failed(process, err, "start");
  int result =
      ctd_call(ctd_client_target(process->client), METHOD("Start"), &request.base,
               &containerd__services__tasks__v1__start_response__descriptor, (ProtobufCMessage **)&reply, scope, err);
  if (!result) {
    atomic_store(&process->pid, reply->pid);
    atomic_store(&process->started, true);
    protobuf_c_message_free_unpacked(&reply->base, NULL);
    ctd_console_resize(atomic_load(&process->console));
  } else if (result < 0 && !atomic_load(&process->started)) {
    terminal_return(process);
  }
  return result < 0 ? ctd_process_failed(process, err, "start") : result;
}

static bool has_stopped(const GetResponse *reply) {
  return reply->process->status == CONTAINERD__V1__TYPES__STATUS__STOPPED;
}

/* If it still runs when our ends are open, the shim has its own. */
static int check_running(struct ctd_process *process, struct ctd_scope *scope, struct ctd_error *err) {
  GetResponse *reply;
  if (ctd_process_get(process, &reply, scope, err))
    return -1;
  bool stopped = has_stopped(reply);
  protobuf_c_message_free_unpacked(&reply->base, NULL);
  return stopped ? ctd_error_set(err, CTD_FAILED_PRECONDITION, "it has stopped") : 0;
}

static int open_streams(struct ctd_process *process, struct ctd_stdio **out, const struct ctd_stdio_options *options,
                        struct ctd_scope *scope, struct ctd_error *err) {
  GetResponse *reply;
  struct ctd_stdio_options wanted = *options;
  *out = NULL;
  if (ctd_process_get(process, &reply, scope, err))
    return -1;
  wanted.terminal = reply->process->terminal;
  const char *const paths[] = {reply->process->stdin, reply->process->stdout, reply->process->stderr};
  int result = ctd_stdio_attach(out, paths, &wanted, err);
  protobuf_c_message_free_unpacked(&reply->base, NULL);
  return result;
}

static int take_streams(struct ctd_process *process, struct ctd_stdio *stdio, struct ctd_error *err) {
  struct ctd_stdio *none = NULL;
  struct ctd_console *console;
  if (terminal_open(process, stdio, &console, err)) {
    ctd_stdio_close(stdio);
    return -1;
  }
  if (!atomic_compare_exchange_strong(&process->stdio, &none, stdio)) {
    ctd_console_close(console);
    ctd_stdio_close(stdio);
    return ctd_error_set(err, CTD_FAILED_PRECONDITION, "its streams are open already");
  }
  ctd_stdio_on_stdin_end(stdio, ctd_close_io_send, process->close_io);
  atomic_store(&process->console, console);
  ctd_console_resize(console);
  return 0;
}

static int process_attach(struct ctd_process *process, const struct ctd_stdio_options *options, struct ctd_scope *scope,
                          struct ctd_error *err) {
  struct ctd_stdio *stdio;
  if (ctd_process_stdio(process))
    return ctd_error_set(err, CTD_FAILED_PRECONDITION, "its streams are open already");
  if (check_running(process, scope, err) || open_streams(process, &stdio, options, scope, err))
    return -1;
  if (check_running(process, scope, err)) {
    ctd_stdio_close(stdio);
    return -1;
  }
  return take_streams(process, stdio, err);
}

int ctd_process_attach(struct ctd_process *process, const struct ctd_stdio_options *options, struct ctd_scope *scope,
                       struct ctd_error *err) {
  return process_attach(process, options, scope, err) ? ctd_process_failed(process, err, "attach") : 0;
}

int ctd_process_wait(struct ctd_process *process, struct ctd_scope *scope, struct ctd_exit *out,
                     struct ctd_error *err) {
  WaitRequest request = CONTAINERD__SERVICES__TASKS__V1__WAIT_REQUEST__INIT;
  WaitResponse *reply;
  request.container_id = process->id;
  request.exec_id = process->exec_id;
  int result =
      ctd_call(ctd_client_target(process->client), METHOD("Wait"), &request.base,
               &containerd__services__tasks__v1__wait_response__descriptor, (ProtobufCMessage **)&reply, scope, err);
  if (!result) {
    *out = (struct ctd_exit){reply->exit_status, ctd_timestamp_seconds(reply->exited_at)};
    protobuf_c_message_free_unpacked(&reply->base, NULL);
    terminal_return(process);
    if (ctd_process_stdio(process))
      ctd_stdio_stop_stdin(ctd_process_stdio(process));
  }
  return result < 0 ? ctd_process_failed(process, err, "wait") : result;
}

int ctd_process_kill(struct ctd_process *process, int signal, bool all, struct ctd_scope *scope,
                     struct ctd_error *err) {
  KillRequest request = CONTAINERD__SERVICES__TASKS__V1__KILL_REQUEST__INIT;
  request.container_id = process->id;
  request.exec_id = process->exec_id;
  request.signal = (uint32_t)signal;
  request.all = all;
  int result = ctd_call(ctd_client_target(process->client), METHOD("Kill"), &request.base, NULL, NULL, scope, err);
  return result < 0 ? ctd_process_failed(process, err, "kill") : result;
}

int ctd_process_resize(struct ctd_process *process, uint32_t width, uint32_t height, struct ctd_scope *scope,
                       struct ctd_error *err) {
  ResizeRequest request = CONTAINERD__SERVICES__TASKS__V1__RESIZE_PTY_REQUEST__INIT;
  request.container_id = process->id;
  request.exec_id = process->exec_id;
  request.width = width;
  request.height = height;
  int result = ctd_call(ctd_client_target(process->client), METHOD("ResizePty"), &request.base, NULL, NULL, scope, err);
  return result < 0 ? ctd_process_failed(process, err, "resize") : result;
}

static const char *status_name(Containerd__V1__Types__Status status) {
  static const char *const names[] = {"unknown", "created", "running", "stopped", "paused", "pausing"};
  return (unsigned)status < sizeof names / sizeof *names ? names[status] : names[0];
}

static struct ctd_process_status status_of(const GetResponse *reply) {
  return (struct ctd_process_status){
      .status = status_name(reply->process->status),
      .pid = reply->process->pid,
      .exit = {reply->process->exit_status, ctd_timestamp_seconds(reply->process->exited_at)},
  };
}

int ctd_process_status(struct ctd_process *process, struct ctd_scope *scope, struct ctd_process_status *out,
                       struct ctd_error *err) {
  GetResponse *reply;
  int result = ctd_process_get(process, &reply, scope, err);
  if (!result) {
    *out = status_of(reply);
    protobuf_c_message_free_unpacked(&reply->base, NULL);
  }
  return result < 0 ? ctd_process_failed(process, err, "status") : result;
}

/* Kills it, a task with everything in the container, and waits; a process that is gone already is fine. */
static int process_end(struct ctd_process *process, struct ctd_scope *scope, struct ctd_error *err) {
  struct ctd_exit exit;
  if (ctd_process_kill(process, SIGKILL, !*process->exec_id, scope, err)) {
    if (err->code != CTD_NOT_FOUND && err->code != CTD_FAILED_PRECONDITION)
      return -1;
    ctd_error_clear(err);
  }
  return ctd_process_wait(process, scope, &exit, err);
}

/*
 * Brings the process to a state in which it can be deleted, and waits for its output. A task that was never started has
 * done nothing and is killed in any case: the shim would wait in vain for the end of its output. Another process that
 * was never started isn't there (it has no pid), nor is there output.
 */
static int process_settle(struct ctd_process *process, const struct ctd_process_status *status, bool kill,
                          struct ctd_scope *scope, struct ctd_error *err) {
  struct ctd_stdio *stdio = ctd_process_stdio(process);
  bool created = !strcmp(status->status, "created"), stopped = !strcmp(status->status, "stopped");
  if (created && !status->pid)
    return 0;
  if (!stopped && strcmp(status->status, "unknown") != 0 && status->pid) {
    if (!kill && !created)
      return ctd_error_set(err, CTD_FAILED_PRECONDITION, "it is %s, and must be stopped first", status->status);
    if (process_end(process, scope, err))
      return -1;
  }
  if (!stdio)
    return 0;
  ctd_stdio_stop_stdin(stdio);
  return ctd_stdio_wait(stdio, scope, err);
}

static int process_remove(struct ctd_process *process, struct ctd_scope *scope, struct ctd_exit *out,
                          struct ctd_error *err) {
  DeleteTaskRequest task = CONTAINERD__SERVICES__TASKS__V1__DELETE_TASK_REQUEST__INIT;
  DeleteProcessRequest other = CONTAINERD__SERVICES__TASKS__V1__DELETE_PROCESS_REQUEST__INIT;
  bool is_task = !*process->exec_id;
  DeleteResponse *reply;
  task.container_id = other.container_id = process->id;
  other.exec_id = process->exec_id;
  if (ctd_insist(ctd_client_target(process->client), is_task ? METHOD("Delete") : METHOD("DeleteProcess"),
                 is_task ? &task.base : &other.base, &containerd__services__tasks__v1__delete_response__descriptor,
                 (ProtobufCMessage **)&reply, scope, err))
    return -1;
  *out = (struct ctd_exit){reply->exit_status, ctd_timestamp_seconds(reply->exited_at)};
  protobuf_c_message_free_unpacked(&reply->base, NULL);
  return 0;
}

/* What is left of a process that the daemon doesn't have any more: with streams here, or without. */
static void process_clear(struct ctd_process *process, const GetResponse *reply, struct ctd_scope *scope) {
  struct ctd_stdio *stdio = ctd_process_stdio(process);
  terminal_return(process);
  if (stdio)
    ctd_stdio_finish(stdio, scope);
  else if (reply)
    ctd_stdio_remove((const char *[]){reply->process->stdin, reply->process->stdout, reply->process->stderr});
}

static int process_delete(struct ctd_process *process, bool kill, struct ctd_scope *scope, struct ctd_exit *out,
                          struct ctd_error *err) {
  GetResponse *reply = NULL;
  int result = ctd_process_get(process, &reply, scope, err);
  if (!result) {
    struct ctd_process_status status = status_of(reply);
    result = process_settle(process, &status, kill, scope, err);
    if (!result)
      result = process_remove(process, scope, out, err);
  } else {
    reply = NULL;
  }
  if (!result || err->code == CTD_NOT_FOUND)
    process_clear(process, reply, scope);
  if (reply)
    protobuf_c_message_free_unpacked(&reply->base, NULL);
  return result;
}

/* One at a time: a shim that is asked twice at once may tell nobody that it has done it. */
int ctd_process_delete(struct ctd_process *process, bool kill, struct ctd_scope *scope, struct ctd_exit *out,
                       struct ctd_error *err) {
  int result = 0;
  while (!result && atomic_exchange(&process->deleting, true))
    result = ctd_scope_sleep(scope, CTD_SLICE, err);
  if (!result) {
    result = process_delete(process, kill, scope, out, err);
    atomic_store(&process->deleting, false);
  }
  return result ? ctd_process_failed(process, err, "delete") : 0;
}
