#include "client/checkpoint.h"
#include "lua/image_methods.h"
#include "lua/message.h"
#include "lua/types.h"

struct checkpoint {
  union {
    struct ctd_container *container;
    struct ctd_process *task;
  };
  const char *name;
  union {
    struct ctd_checkpoint_options options;           /* of a container */
    Containerd__Runc__V1__CheckpointOptions message; /* of a task */
  };
  struct ctd_image *image;
};

static int image_push(lua_State *L, struct ctd_op *op, void *data) {
  struct checkpoint *request = data;
  if (request->image)
    ctd_object_push(L, &ctd_image_type, &request->image, op->safe);
  else
    lua_pushboolean(L, true);
  return 1;
}

static void image_release(void *data) {
  ctd_image_unref(((struct checkpoint *)data)->image);
}

static const struct ctd_option container_arguments[] = {
    {"ref", ctd_read_string, offsetof(struct checkpoint, name), false},
    {NULL, NULL, 0, false},
};

static const struct ctd_option container_options[] = {
    {"image", ctd_read_boolean, offsetof(struct checkpoint, options.image), false},
    {"runtime", ctd_read_boolean, offsetof(struct checkpoint, options.runtime), false},
    {"rw", ctd_read_boolean, offsetof(struct checkpoint, options.rw), false},
    {"task", ctd_read_boolean, offsetof(struct checkpoint, options.task), false},
    {"exit", ctd_read_boolean, offsetof(struct checkpoint, options.exit), false},
    {NULL, NULL, 0, false},
};

static void container_parse(lua_State *L, struct ctd_op *op, void *data) {
  (void)L, (void)op;
  ((struct checkpoint *)data)->options = (struct ctd_checkpoint_options){.image = true, .runtime = true, .rw = true};
}

static int container_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct checkpoint *request = data;
  return ctd_checkpoint_container(request->container, request->name, &request->options, scope, &request->image, err);
}

const struct ctd_method ctd_container_checkpoint_method = {
    .name = "checkpoint",
    .size = sizeof(struct checkpoint),
    .arguments = container_arguments,
    .options = container_options,
    .parse = container_parse,
    .run = container_run,
    .push = image_push,
    .release = image_release,
};

static const struct ctd_option task_options[] = {
    {"name", ctd_read_string, offsetof(struct checkpoint, name), false},
    {"exit", ctd_message_read_option, offsetof(struct checkpoint, message), false},
    {"open_tcp", ctd_message_read_option, offsetof(struct checkpoint, message), false},
    {"external_unix_sockets", ctd_message_read_option, offsetof(struct checkpoint, message), false},
    {"terminal", ctd_message_read_option, offsetof(struct checkpoint, message), false},
    {"file_locks", ctd_message_read_option, offsetof(struct checkpoint, message), false},
    {"empty_namespaces", ctd_message_read_option, offsetof(struct checkpoint, message), false},
    {"cgroups_mode", ctd_message_read_option, offsetof(struct checkpoint, message), false},
    {"image_path", ctd_message_read_option, offsetof(struct checkpoint, message), false},
    {"work_path", ctd_message_read_option, offsetof(struct checkpoint, message), false},
    {NULL, NULL, 0, false},
};

static void task_parse(lua_State *L, struct ctd_op *op, void *data) {
  (void)L, (void)op;
  containerd__runc__v1__checkpoint_options__init(&((struct checkpoint *)data)->message);
}

static int task_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct checkpoint *request = data;
  return ctd_checkpoint_task(request->task, request->name, &request->message, scope, &request->image, err);
}

const struct ctd_method ctd_task_checkpoint_method = {
    .name = "checkpoint",
    .size = sizeof(struct checkpoint),
    .options = task_options,
    .parse = task_parse,
    .run = task_run,
    .push = image_push,
    .release = image_release,
};

struct restore {
  struct ctd_client *client;
  const char *id;
  struct ctd_image *checkpoint;
  struct ctd_container *container;
};

static const struct ctd_option restore_arguments[] = {
    {"id", ctd_read_string, offsetof(struct restore, id), false},
    {"checkpoint", ctd_read_image, offsetof(struct restore, checkpoint), false},
    {NULL, NULL, 0, false},
};

static int restore_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct restore *request = data;
  return ctd_checkpoint_restore(request->client, request->id, request->checkpoint, scope, &request->container, err);
}

static int restore_push(lua_State *L, struct ctd_op *op, void *data) {
  ctd_object_push(L, &ctd_container_type, &((struct restore *)data)->container, op->safe);
  return 1;
}

static void restore_release(void *data) {
  ctd_container_unref(((struct restore *)data)->container);
}

const struct ctd_method ctd_restore_method = {
    .name = "restore",
    .size = sizeof(struct restore),
    .arguments = restore_arguments,
    .run = restore_run,
    .push = restore_push,
    .release = restore_release,
};
