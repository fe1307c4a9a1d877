#include "client/task.h"
#include "lua/op.h"
#include "lua/process.h"
#include "lua/record.h"
#include "lua/stdio.h"
#include "lua/types.h"
#include <string.h>

static void *task_ref(void *task) {
  return ctd_process_ref(task);
}

static void task_unref(void *task) {
  ctd_process_unref(task);
}

static void task_describe(lua_State *L, void *task) {
  lua_pushfstring(L, "%s, pid %d", ctd_process_id(task), (int)ctd_process_pid(task));
}

/* A container's id, and a process, in a namespace of one daemon. */
static bool task_equal(void *a, void *b) {
  const struct ctd_client *one = ctd_process_client(a), *other = ctd_process_client(b);
  return !strcmp(ctd_process_id(a), ctd_process_id(b)) && ctd_process_pid(a) == ctd_process_pid(b) &&
         !strcmp(ctd_client_namespace(one), ctd_client_namespace(other)) &&
         !strcmp(ctd_client_address(one), ctd_client_address(other));
}

static int task_dispose(void *task, struct ctd_scope *scope, struct ctd_error *err) {
  struct ctd_exit exit;
  return ctd_process_delete(task, true, scope, &exit, err);
}

static struct ctd_process *task_check(lua_State *L) {
  return ctd_object_check(L, 1, &ctd_task_type)->pointer;
}

static int task_id(lua_State *L) {
  lua_pushstring(L, ctd_process_id(task_check(L)));
  return 1;
}

static int task_pid(lua_State *L) {
  lua_pushinteger(L, ctd_process_pid(task_check(L)));
  return 1;
}

struct request {
  struct ctd_process *task;
};

static int pause_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  return ctd_task_pause(((struct request *)data)->task, scope, err);
}

static const struct ctd_method pause_method = {
    .name = "pause",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct request),
    .run = pause_run,
};

static int resume_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  return ctd_task_resume(((struct request *)data)->task, scope, err);
}

static const struct ctd_method resume_method = {
    .name = "resume",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct request),
    .run = resume_run,
};

struct pids {
  struct ctd_process *task;
  struct ctd_task_pids pids;
};

static int pids_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct pids *request = data;
  return ctd_task_pids(request->task, scope, &request->pids, err);
}

/* {pid=, info={exec_id=}} */
static void push_pid(lua_State *L, const struct ctd_task_pid *item) {
  lua_createtable(L, 0, 2);
  lua_pushinteger(L, (lua_Integer)item->pid);
  lua_setfield(L, -2, "pid");
  if (!item->exec_id)
    return;
  lua_createtable(L, 0, 1);
  ctd_record_set_string(L, "exec_id", item->exec_id);
  lua_setfield(L, -2, "info");
}

static int pids_push(lua_State *L, struct ctd_op *op, void *data) {
  const struct ctd_task_pids *pids = &((const struct pids *)data)->pids;
  (void)op;
  lua_createtable(L, (int)pids->count, 0);
  for (size_t i = 0; i < pids->count; i++) {
    push_pid(L, &pids->items[i]);
    lua_rawseti(L, -2, (int)i + 1);
  }
  return 1;
}

static void pids_release(void *data) {
  ctd_task_pids_free(&((struct pids *)data)->pids);
}

static const struct ctd_method pids_method = {
    .name = "pids",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct pids),
    .run = pids_run,
    .push = pids_push,
    .release = pids_release,
};

static const struct ctd_method *const task_methods[] = {
    &ctd_process_start_method,
    &ctd_process_wait_method,
    &ctd_process_status_method,
    &ctd_task_kill_method,
    &ctd_process_resize_method,
    &ctd_process_close_stdin_method,
    &ctd_process_attach_method,
    &ctd_process_delete_method,
    &pause_method,
    &resume_method,
    &pids_method,
    &ctd_exec_method,
    &ctd_task_process_method,
    &ctd_metrics_method,
    &ctd_task_update_method,
    &ctd_task_checkpoint_method,
    NULL,
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
    .index = ctd_stdio_index,
    .functions = task_functions,
    .methods = task_methods,
};
