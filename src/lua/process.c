#include "lua/process.h"
#include "client/process.h"
#include "lua/op.h"
#include "lua/record.h"
#include "lua/stdio.h"
#include "lua/types.h"
#include <string.h>

struct request {
  struct ctd_process *process;
};

static int start_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  return ctd_process_start(((struct request *)data)->process, scope, err);
}

const struct ctd_method ctd_process_start_method = {
    .name = "start",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct request),
    .run = start_run,
};

static int close_stdin_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  return ctd_process_close_stdin(((struct request *)data)->process, scope, err);
}

const struct ctd_method ctd_process_close_stdin_method = {
    .name = "close_stdin",
    .size = sizeof(struct request),
    .run = close_stdin_run,
};

static int push_exit(lua_State *L, const struct ctd_exit *exit) {
  lua_pushinteger(L, (lua_Integer)exit->code);
  lua_pushnumber(L, exit->exited_at);
  return 2;
}

struct wait {
  struct ctd_process *process;
  struct ctd_exit exit;
};

static int wait_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct wait *request = data;
  return ctd_process_wait(request->process, scope, &request->exit, err);
}

static int wait_push(lua_State *L, struct ctd_op *op, void *data) {
  (void)op;
  return push_exit(L, &((const struct wait *)data)->exit);
}

const struct ctd_method ctd_process_wait_method = {
    .name = "wait",
    .flags = CTD_METHOD_SINGLE | CTD_METHOD_ENDLESS,
    .size = sizeof(struct wait),
    .run = wait_run,
    .push = wait_push,
};

struct status {
  struct ctd_process *process;
  struct ctd_process_status status;
};

static int status_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct status *request = data;
  return ctd_process_status(request->process, scope, &request->status, err);
}

static int status_push(lua_State *L, struct ctd_op *op, void *data) {
  const struct ctd_process_status *status = &((const struct status *)data)->status;
  (void)op;
  lua_createtable(L, 0, 4);
  ctd_record_set_string(L, "status", status->status);
  lua_pushinteger(L, (lua_Integer)status->pid);
  lua_setfield(L, -2, "pid");
  if (!strcmp(status->status, "stopped")) {
    lua_pushinteger(L, (lua_Integer)status->exit.code);
    lua_setfield(L, -2, "exit_status");
  }
  ctd_record_set_time(L, "exited_at", status->exit.exited_at);
  return 1;
}

const struct ctd_method ctd_process_status_method = {
    .name = "status",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct status),
    .run = status_run,
    .push = status_push,
};

struct kill {
  struct ctd_process *process;
  int signal;
  bool all;
};

static void read_signal(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  if (!ctd_is_text(L, index) && lua_type(L, index) != LUA_TNUMBER)
    ctd_read_failed(L, index, op, name, "name or number of a signal");
  lua_pushvalue(L, index);
  *(int *)target = ctd_signal_number(lua_tostring(L, -1));
  if (!*(int *)target)
    ctd_misuse(L, op, "\"%s\": there is no signal %s", name, lua_tostring(L, -1));
  lua_pop(L, 1);
}

static const struct ctd_option kill_arguments[] = {
    {"signal", read_signal, offsetof(struct kill, signal), false},
    {NULL, NULL, 0, false},
};

static const struct ctd_option kill_options[] = {
    {"all", ctd_read_boolean, offsetof(struct kill, all), false},
    {NULL, NULL, 0, false},
};

static int kill_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct kill *request = data;
  return ctd_process_kill(request->process, request->signal, request->all, scope, err);
}

const struct ctd_method ctd_task_kill_method = {
    .name = "kill",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct kill),
    .arguments = kill_arguments,
    .options = kill_options,
    .run = kill_run,
};

/* The same for one process. */
const struct ctd_method ctd_process_kill_method = {
    .name = "kill",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct kill),
    .arguments = kill_arguments,
    .run = kill_run,
};

struct resize {
  struct ctd_process *process;
  int width, height;
};

static const struct ctd_option resize_arguments[] = {
    {"width", ctd_read_count, offsetof(struct resize, width), false},
    {"height", ctd_read_count, offsetof(struct resize, height), false},
    {NULL, NULL, 0, false},
};

static int resize_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  const struct resize *request = data;
  return ctd_process_resize(request->process, (uint32_t)request->width, (uint32_t)request->height, scope, err);
}

const struct ctd_method ctd_process_resize_method = {
    .name = "resize",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct resize),
    .arguments = resize_arguments,
    .run = resize_run,
};

struct attach {
  struct ctd_process *process;
  struct ctd_stdio_options stdio;
};

static const struct ctd_option attach_options[] = {
    {"stdio", ctd_read_stdio, offsetof(struct attach, stdio.streams), false},
    {NULL, NULL, 0, false},
};

static void attach_parse(lua_State *L, struct ctd_op *op, void *data) {
  struct attach *request = data;
  (void)op;
  for (int i = 0; i < 3; i++)
    request->stdio.streams[i].kind = CTD_STREAM_PIPE;
  ctd_method_keep(L, CTD_METHOD_RECEIVER, "receiver");
}

static int attach_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct attach *request = data;
  return ctd_process_attach(request->process, &request->stdio, scope, err);
}

/* The object itself, which has its streams now. */
static int attach_push(lua_State *L, struct ctd_op *op, void *data) {
  struct attach *request = data;
  (void)op;
  ctd_get_companion(L, CTD_METHOD_HANDLE);
  lua_getfield(L, -1, "receiver");
  ctd_stdio_push_streams(L, request->process, request->stdio.streams, lua_touserdata(L, -1));
  return 1;
}

const struct ctd_method ctd_process_attach_method = {
    .name = "attach",
    .size = sizeof(struct attach),
    .options = attach_options,
    .parse = attach_parse,
    .run = attach_run,
    .push = attach_push,
};

struct delete {
  struct ctd_process *process;
  bool kill;
  struct ctd_exit exit;
};

static const struct ctd_option delete_options[] = {
    {"kill", ctd_read_boolean, offsetof(struct delete, kill), false},
    {NULL, NULL, 0, false},
};

static int delete_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct delete *request = data;
  return ctd_process_delete(request->process, request->kill, scope, &request->exit, err);
}

static int delete_push(lua_State *L, struct ctd_op *op, void *data) {
  (void)op;
  return push_exit(L, &((const struct delete *)data)->exit);
}

const struct ctd_method ctd_process_delete_method = {
    .name = "delete",
    .size = sizeof(struct delete),
    .options = delete_options,
    .run = delete_run,
    .push = delete_push,
};

static void *process_ref(void *process) {
  return ctd_process_ref(process);
}

static void process_unref(void *process) {
  ctd_process_unref(process);
}

static void process_describe(lua_State *L, void *process) {
  lua_pushfstring(L, "%s in %s, pid %d", ctd_process_exec_id(process), ctd_process_id(process),
                  (int)ctd_process_pid(process));
}

static bool process_equal(void *a, void *b) {
  const struct ctd_client *one = ctd_process_client(a), *other = ctd_process_client(b);
  return !strcmp(ctd_process_id(a), ctd_process_id(b)) && !strcmp(ctd_process_exec_id(a), ctd_process_exec_id(b)) &&
         ctd_process_pid(a) == ctd_process_pid(b) && !strcmp(ctd_client_namespace(one), ctd_client_namespace(other)) &&
         !strcmp(ctd_client_address(one), ctd_client_address(other));
}

static int process_dispose(void *process, struct ctd_scope *scope, struct ctd_error *err) {
  struct ctd_exit exit;
  return ctd_process_delete(process, true, scope, &exit, err);
}

static int process_id(lua_State *L) {
  lua_pushstring(L, ctd_process_exec_id(ctd_object_check(L, 1, &ctd_process_type)->pointer));
  return 1;
}

static int process_pid(lua_State *L) {
  lua_pushinteger(L, ctd_process_pid(ctd_object_check(L, 1, &ctd_process_type)->pointer));
  return 1;
}

static const struct ctd_method *const process_methods[] = {
    &ctd_process_start_method,  &ctd_process_wait_method,   &ctd_process_status_method,
    &ctd_process_kill_method,   &ctd_process_resize_method, &ctd_process_close_stdin_method,
    &ctd_process_attach_method, &ctd_process_delete_method, NULL,
};

static const luaL_Reg process_functions[] = {
    {"id", process_id},
    {"pid", process_pid},
    {NULL, NULL},
};

const struct ctd_type ctd_process_type = {
    .name = "containerd.process",
    .ref = process_ref,
    .unref = process_unref,
    .describe = process_describe,
    .equal = process_equal,
    .dispose = process_dispose,
    .index = ctd_stdio_index,
    .functions = process_functions,
    .methods = process_methods,
};
