#include "client/task.h"
#include "lua/op.h"
#include "lua/record.h"
#include "lua/types.h"
#include <string.h>

static void *task_ref(void *task) {
  return ctd_task_ref(task);
}

static void task_unref(void *task) {
  ctd_task_unref(task);
}

static void task_describe(lua_State *L, void *task) {
  lua_pushfstring(L, "%s, pid %d", ctd_task_id(task), (int)ctd_task_pid(task));
}

/* A container's id, and a process, in a namespace of one daemon. */
static bool task_equal(void *a, void *b) {
  const struct ctd_client *one = ctd_task_client(a), *other = ctd_task_client(b);
  return !strcmp(ctd_task_id(a), ctd_task_id(b)) && ctd_task_pid(a) == ctd_task_pid(b) &&
         !strcmp(ctd_client_namespace(one), ctd_client_namespace(other)) &&
         !strcmp(ctd_client_address(one), ctd_client_address(other));
}

static int task_dispose(void *task, struct ctd_scope *scope, struct ctd_error *err) {
  struct ctd_exit exit;
  return ctd_task_delete(task, true, scope, &exit, err);
}

static struct ctd_task *task_check(lua_State *L) {
  return ctd_object_check(L, 1, &ctd_task_type)->pointer;
}

static int task_id(lua_State *L) {
  lua_pushstring(L, ctd_task_id(task_check(L)));
  return 1;
}

static int task_pid(lua_State *L) {
  lua_pushinteger(L, ctd_task_pid(task_check(L)));
  return 1;
}

/* task.stdin, task.stdout, task.stderr: the streams that new_task made. */
static int task_index(lua_State *L) {
  const struct ctd_object *object = ctd_object_test(L, 1, &ctd_task_type);
  if (!object || !object->has_companion)
    return 0;
  ctd_get_companion(L, 1);
  lua_pushvalue(L, 2);
  lua_rawget(L, -2);
  return 1;
}

struct request {
  struct ctd_task *task;
};

static int start_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  return ctd_task_start(((struct request *)data)->task, scope, err);
}

static const struct ctd_method start_method = {
    .name = "start",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct request),
    .run = start_run,
};

static int close_stdin_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  return ctd_task_close_stdin(((struct request *)data)->task, scope, err);
}

static const struct ctd_method close_stdin_method = {
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
  struct ctd_task *task;
  struct ctd_exit exit;
};

static int wait_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct wait *request = data;
  return ctd_task_wait(request->task, scope, &request->exit, err);
}

static int wait_push(lua_State *L, struct ctd_op *op, void *data) {
  (void)op;
  return push_exit(L, &((const struct wait *)data)->exit);
}

static const struct ctd_method wait_method = {
    .name = "wait",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct wait),
    .run = wait_run,
    .push = wait_push,
};

struct status {
  struct ctd_task *task;
  struct ctd_task_status status;
};

static int status_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct status *request = data;
  return ctd_task_status(request->task, scope, &request->status, err);
}

static int status_push(lua_State *L, struct ctd_op *op, void *data) {
  const struct ctd_task_status *status = &((const struct status *)data)->status;
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

static const struct ctd_method status_method = {
    .name = "status",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct status),
    .run = status_run,
    .push = status_push,
};

struct kill {
  struct ctd_task *task;
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
  return ctd_task_kill(request->task, request->signal, request->all, scope, err);
}

static const struct ctd_method kill_method = {
    .name = "kill",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct kill),
    .arguments = kill_arguments,
    .options = kill_options,
    .run = kill_run,
};

struct delete {
  struct ctd_task *task;
  bool kill;
  struct ctd_exit exit;
};

static const struct ctd_option delete_options[] = {
    {"kill", ctd_read_boolean, offsetof(struct delete, kill), false},
    {NULL, NULL, 0, false},
};

static int delete_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct delete *request = data;
  return ctd_task_delete(request->task, request->kill, scope, &request->exit, err);
}

static int delete_push(lua_State *L, struct ctd_op *op, void *data) {
  (void)op;
  return push_exit(L, &((const struct delete *)data)->exit);
}

static const struct ctd_method delete_method = {
    .name = "delete",
    .size = sizeof(struct delete),
    .options = delete_options,
    .run = delete_run,
    .push = delete_push,
};

static const struct ctd_method *const task_methods[] = {
    &start_method, &wait_method, &status_method, &kill_method, &close_stdin_method, &delete_method, NULL,
};

static const luaL_Reg task_functions[] = {
    {"id", task_id},
    {"pid", task_pid},
    {NULL, NULL},
};

const struct ctd_type ctd_task_type = {
    .name = "containerd.task",
    .ref = task_ref,
    .unref = task_unref,
    .describe = task_describe,
    .equal = task_equal,
    .dispose = task_dispose,
    .index = task_index,
    .functions = task_functions,
    .methods = task_methods,
};
