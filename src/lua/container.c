#include "client/container.h"
#include "base/json.h"
#include "client/runtime_message.h"
#include "client/task.h"
#include "lua/json.h"
#include "lua/op.h"
#include "lua/record.h"
#include "lua/types.h"
#include <string.h>

static void *container_ref(void *container) {
  return ctd_container_ref(container);
}

static void container_unref(void *container) {
  ctd_container_unref(container);
}

static void container_describe(lua_State *L, void *container) {
  lua_pushstring(L, ctd_container_id(container));
}

/* An id in a namespace of one daemon. */
static bool container_equal(void *a, void *b) {
  const struct ctd_client *one = ctd_container_client(a), *other = ctd_container_client(b);
  return !strcmp(ctd_container_id(a), ctd_container_id(b)) &&
         !strcmp(ctd_client_namespace(one), ctd_client_namespace(other)) &&
         !strcmp(ctd_client_address(one), ctd_client_address(other));
}

static int container_dispose(void *container, struct ctd_scope *scope, struct ctd_error *err) {
  return ctd_container_destroy(container, scope, err);
}

static const struct ctd_container_info *container_check(lua_State *L) {
  return ctd_container_record(ctd_object_check(L, 1, &ctd_container_type)->pointer);
}

static int push_text(lua_State *L, const char *text) {
  if (*text)
    lua_pushstring(L, text);
  else
    lua_pushnil(L);
  return 1;
}

/* {type_url, value}, with the bytes. */
static void push_typed(lua_State *L, const struct ctd_typed *typed) {
  lua_createtable(L, 0, 2);
  ctd_record_set_string(L, "type_url", typed->type_url);
  lua_pushlstring(L, (const char *)typed->value, typed->size);
  lua_setfield(L, -2, "value");
}

/* Its options are decoded where their type is known. */
static void push_runtime(lua_State *L, const struct ctd_container_info *record) {
  struct ctd_error err = {0};
  lua_createtable(L, 0, 2);
  ctd_record_set_string(L, "name", record->runtime);
  if (!record->runtime_options.type_url)
    return;
  json_t **options = ctd_json_box(L);
  if (ctd_runtime_message_unpack(options, &record->runtime_options, &err))
    ctd_error_clear(&err);
  if (*options)
    ctd_json_push(L, *options);
  else
    push_typed(L, &record->runtime_options);
  lua_setfield(L, -3, "options");
  lua_pop(L, 1);
}

static void push_extensions(lua_State *L, const struct ctd_container_info *record) {
  const struct ctd_extensions *extensions = &record->extensions;
  lua_createtable(L, 0, (int)extensions->count);
  for (size_t i = 0; i < extensions->count; i++) {
    push_typed(L, &extensions->items[i].value);
    lua_setfield(L, -2, extensions->items[i].name);
  }
}

static int container_id(lua_State *L) {
  return push_text(L, container_check(L)->id);
}

static int container_snapshot_key(lua_State *L) {
  return push_text(L, container_check(L)->snapshot_key);
}

static int container_snapshotter(lua_State *L) {
  return push_text(L, container_check(L)->snapshotter);
}

static int container_runtime(lua_State *L) {
  push_runtime(L, container_check(L));
  return 1;
}

static int container_labels(lua_State *L) {
  ctd_record_push_labels(L, &container_check(L)->labels);
  return 1;
}

static int container_extensions(lua_State *L) {
  push_extensions(L, container_check(L));
  return 1;
}

static int container_created(lua_State *L) {
  lua_pushnumber(L, container_check(L)->created);
  return 1;
}

static int container_updated(lua_State *L) {
  lua_pushnumber(L, container_check(L)->updated);
  return 1;
}

static int container_spec(lua_State *L) {
  struct ctd_object *object = ctd_object_check(L, 1, &ctd_container_type);
  const char *text = ctd_container_record(object->pointer)->spec;
  json_t **spec = ctd_json_box(L);
  struct ctd_error *err = ctd_fail_box(L);
  if (ctd_json_parse(spec, text, strlen(text), "spec", err))
    return ctd_fail(L, object->safe);
  ctd_json_push(L, *spec);
  return 1;
}

struct request {
  struct ctd_container *container;
};

static int info_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  return ctd_container_refresh(((struct request *)data)->container, scope, err);
}

static int info_push(lua_State *L, struct ctd_op *op, void *data) {
  const struct ctd_container_info *record = ctd_container_record(((struct request *)data)->container);
  (void)op;
  lua_createtable(L, 0, 10);
  ctd_record_set_string(L, "id", record->id);
  ctd_record_set_string(L, "image", record->image);
  ctd_record_set_string(L, "snapshotter", record->snapshotter);
  ctd_record_set_string(L, "snapshot_key", record->snapshot_key);
  ctd_record_set_string(L, "sandbox", record->sandbox);
  ctd_record_set_time(L, "created", record->created);
  ctd_record_set_time(L, "updated", record->updated);
  push_runtime(L, record);
  lua_setfield(L, -2, "runtime");
  ctd_record_push_labels(L, &record->labels);
  lua_setfield(L, -2, "labels");
  push_extensions(L, record);
  lua_setfield(L, -2, "extensions");
  return 1;
}

static const struct ctd_method info_method = {
    .name = "info",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct request),
    .run = info_run,
    .push = info_push,
};

struct exists {
  struct ctd_container *container, *found;
};

static int exists_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct exists *request = data;
  struct ctd_container *container = request->container;
  int result =
      ctd_container_get(ctd_container_client(container), ctd_container_id(container), scope, &request->found, err);
  if (result >= 0 || err->code != CTD_NOT_FOUND)
    return result;
  ctd_error_clear(err);
  return 0;
}

static int exists_push(lua_State *L, struct ctd_op *op, void *data) {
  (void)op;
  lua_pushboolean(L, ((const struct exists *)data)->found != NULL);
  return 1;
}

static void exists_release(void *data) {
  ctd_container_unref(((struct exists *)data)->found);
}

static const struct ctd_method exists_method = {
    .name = "exists",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct exists),
    .run = exists_run,
    .push = exists_push,
    .release = exists_release,
};

struct image {
  struct ctd_container *container;
  struct ctd_image *image;
};

static int image_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct image *request = data;
  const char *name = ctd_container_record(request->container)->image;
  struct ctd_client *client = ctd_container_client(request->container);
  if (*name)
    return ctd_image_get(client, name, scope, &request->image, err);
  ctd_error_set(err, CTD_NOT_FOUND, "it was made from no image");
  return ctd_client_failed(client, err, "image", "of container %s", ctd_container_id(request->container));
}

static int image_push(lua_State *L, struct ctd_op *op, void *data) {
  ctd_object_push(L, &ctd_image_type, &((struct image *)data)->image, op->safe);
  return 1;
}

static void image_release(void *data) {
  ctd_image_unref(((struct image *)data)->image);
}

static const struct ctd_method image_method = {
    .name = "image",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct image),
    .run = image_run,
    .push = image_push,
    .release = image_release,
};

struct task {
  struct ctd_container *container;
  struct ctd_process *task;
};

static int task_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct task *request = data;
  return ctd_task_load(request->container, scope, &request->task, err);
}

static int task_push(lua_State *L, struct ctd_op *op, void *data) {
  ctd_object_push(L, &ctd_task_type, &((struct task *)data)->task, op->safe);
  return 1;
}

static void task_release(void *data) {
  ctd_process_unref(((struct task *)data)->task);
}

static const struct ctd_method task_method = {
    .name = "task",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct task),
    .run = task_run,
    .push = task_push,
    .release = task_release,
};

struct delete {
  struct ctd_container *container;
  bool snapshot;
};

static const struct ctd_option delete_options[] = {
    {"snapshot", ctd_read_boolean, offsetof(struct delete, snapshot), false},
    {NULL, NULL, 0, false},
};

static int delete_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct delete *request = data;
  return ctd_container_delete(request->container, request->snapshot, scope, err);
}

static const struct ctd_method delete_method = {
    .name = "delete",
    .size = sizeof(struct delete),
    .options = delete_options,
    .run = delete_run,
};

static const struct ctd_method *const container_methods[] = {
    &info_method,
    &exists_method,
    &image_method,
    &task_method,
    &delete_method,
    &ctd_new_task_method,
    &ctd_container_checkpoint_method,
    &ctd_container_restore_method,
    &ctd_container_update_method,
    &ctd_container_set_labels_method,
    NULL,
};

static const luaL_Reg container_functions[] = {
    {"id", container_id},
    {"labels", container_labels},
    {"snapshot_key", container_snapshot_key},
    {"snapshotter", container_snapshotter},
    {"runtime", container_runtime},
    {"created", container_created},
    {"updated", container_updated},
    {"spec", container_spec},
    {"extensions", container_extensions},
    {NULL, NULL},
};

const struct ctd_type ctd_container_type = {
    .name = "containerd.container",
    .ref = container_ref,
    .unref = container_unref,
    .describe = container_describe,
    .equal = container_equal,
    .dispose = container_dispose,
    .functions = container_functions,
    .methods = container_methods,
};
