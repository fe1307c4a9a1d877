#include "client/task.h"
#include "lua/container_options.h"
#include "lua/image_methods.h"
#include "lua/message.h"
#include "lua/op.h"
#include "lua/stdio.h"
#include "lua/types.h"
#include "types.pb-c.h"

struct new_task {
  struct ctd_container *container;
  struct ctd_task_options options;
  bool auto_delete;
  struct ctd_process *task;
};

/* Mounts as snapshots tell them. `target` is the options. */
static void read_mounts(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  struct ctd_task_options *options = target;
  if (lua_type(L, index) != LUA_TTABLE || !ctd_rawlen(L, index))
    ctd_read_failed(L, index, op, name, "array of mounts");
  options->mount_count = ctd_rawlen(L, index);
  options->mounts = ctd_arena_allocate(L, &op->arena, options->mount_count * sizeof(struct Containerd__Types__Mount *));
  for (size_t i = 0; i < options->mount_count; i++) {
    lua_rawgeti(L, index, (int)i + 1);
    options->mounts[i] =
        (Containerd__Types__Mount *)ctd_message_read(L, -1, op, name, &containerd__types__mount__descriptor);
    lua_pop(L, 1);
  }
}

/* An image, or a directory where the runtime has left one. */
static void checkpoint_read(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  struct ctd_task_options *options = target;
  if (lua_type(L, index) == LUA_TSTRING)
    ctd_read_string(L, index, op, name, &options->checkpoint_path);
  else
    ctd_read_image(L, index, op, name, &options->checkpoint);
}

static const struct ctd_option new_task_options[] = {
    {"checkpoint", checkpoint_read, offsetof(struct new_task, options), false},
    {"stdio", ctd_read_stdio, offsetof(struct new_task, options.stdio.streams), false},
    {"terminal", ctd_read_boolean, offsetof(struct new_task, options.stdio.terminal), false},
    {"rootfs", read_mounts, offsetof(struct new_task, options), false},
    {"runtime_options", ctd_read_runtime_fields, offsetof(struct new_task, options.runtime_options), false},
    {"auto_delete", ctd_read_boolean, offsetof(struct new_task, auto_delete), false},
    {NULL, NULL, 0, false},
};

static int new_task_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct new_task *request = data;
  return ctd_task_create(request->container, &request->options, scope, &request->task, err);
}

static int new_task_push(lua_State *L, struct ctd_op *op, void *data) {
  struct new_task *request = data;
  struct ctd_object *object = ctd_object_push(L, &ctd_task_type, &request->task, op->safe);
  object->auto_delete = request->auto_delete;
  ctd_stdio_push_streams(L, object->pointer, request->options.stdio.streams, object);
  return 1;
}

/* A task that the script never got to see goes as one with auto_delete does. */
static void new_task_release(void *data) {
  struct new_task *request = data;
  struct ctd_error err = {0};
  if (request->task && request->auto_delete)
    ctd_object_dispose(&ctd_task_type, request->task, &err);
  ctd_error_clear(&err);
  ctd_process_unref(request->task);
}

const struct ctd_method ctd_new_task_method = {
    .name = "new_task",
    .size = sizeof(struct new_task),
    .options = new_task_options,
    .run = new_task_run,
    .push = new_task_push,
    .release = new_task_release,
};

static const struct ctd_option restore_arguments[] = {
    {"checkpoint", checkpoint_read, offsetof(struct new_task, options), false},
    {NULL, NULL, 0, false},
};

const struct ctd_method ctd_container_restore_method = {
    .name = "restore",
    .size = sizeof(struct new_task),
    .arguments = restore_arguments,
    .options = new_task_options + 1, /* without the checkpoint */
    .run = new_task_run,
    .push = new_task_push,
    .release = new_task_release,
};
