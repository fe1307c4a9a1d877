#include "client/task.h"
#include "lua/op.h"
#include "lua/stdio.h"
#include "lua/types.h"

struct exec {
  struct ctd_process *task;
  const char *exec_id;
  struct ctd_exec_options options;
  bool auto_delete;
  struct ctd_process *process;
};

#define PROCESS(member) offsetof(struct exec, options.process.member)

static const struct ctd_option exec_arguments[] = {
    {"exec_id", ctd_read_string, offsetof(struct exec, exec_id), false},
    {NULL, NULL, 0, false},
};

static const struct ctd_option exec_options[] = {
    {"args", ctd_read_strings, PROCESS(args), false},
    {"env", ctd_read_env, PROCESS(env), false},
    {"cwd", ctd_read_string, PROCESS(cwd), false},
    {"user", ctd_read_string, PROCESS(user), false},
    {"cap_add", ctd_read_strings, PROCESS(cap_add), false},
    {"cap_drop", ctd_read_strings, PROCESS(cap_drop), false},
    {"stdio", ctd_read_stdio, offsetof(struct exec, options.stdio.streams), false},
    {"terminal", ctd_read_boolean, offsetof(struct exec, options.stdio.terminal), false},
    {"auto_delete", ctd_read_boolean, offsetof(struct exec, auto_delete), false},
    {NULL, NULL, 0, false},
};

static int exec_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct exec *request = data;
  return ctd_task_exec(request->task, request->exec_id, &request->options, scope, &request->process, err);
}

static int exec_push(lua_State *L, struct ctd_op *op, void *data) {
  struct exec *request = data;
  struct ctd_object *object = ctd_object_push(L, &ctd_process_type, &request->process, op->safe);
  object->auto_delete = request->auto_delete;
  ctd_stdio_push_streams(L, object->pointer, request->options.stdio.streams, object);
  return 1;
}

/* A process that the script never got to see goes as one with auto_delete does. */
static void exec_release(void *data) {
  struct exec *request = data;
  struct ctd_error err = {0};
  if (request->process && request->auto_delete)
    ctd_object_dispose(&ctd_process_type, request->process, &err);
  ctd_error_clear(&err);
  ctd_process_unref(request->process);
}

const struct ctd_method ctd_exec_method = {
    .name = "exec",
    .size = sizeof(struct exec),
    .arguments = exec_arguments,
    .options = exec_options,
    .run = exec_run,
    .push = exec_push,
    .release = exec_release,
};

struct find {
  struct ctd_process *task;
  const char *exec_id;
  struct ctd_process *process;
};

static const struct ctd_option find_arguments[] = {
    {"exec_id", ctd_read_string, offsetof(struct find, exec_id), false},
    {NULL, NULL, 0, false},
};

static int find_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct find *request = data;
  return ctd_task_process(request->task, request->exec_id, scope, &request->process, err);
}

static int find_push(lua_State *L, struct ctd_op *op, void *data) {
  ctd_object_push(L, &ctd_process_type, &((struct find *)data)->process, op->safe);
  return 1;
}

static void find_release(void *data) {
  ctd_process_unref(((struct find *)data)->process);
}

const struct ctd_method ctd_task_process_method = {
    .name = "process",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct find),
    .arguments = find_arguments,
    .run = find_run,
    .push = find_push,
    .release = find_release,
};
