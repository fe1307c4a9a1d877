#include "lua/container_options.h"
#include "lua/filters.h"
#include "lua/message.h"
#include "lua/sandbox.h"
#include "lua/service.h"

struct create {
  struct ctd_client *client;
  const char *id;
  struct ctd_sandbox_options options;
  bool auto_delete;
  struct ctd_sandbox *sandbox;
};

static const struct ctd_option create_arguments[] = {
    {"id", ctd_read_string, offsetof(struct create, id), false},
    {NULL, NULL, 0, false},
};

#define OPTION(member) offsetof(struct create, options.member)

static const struct ctd_option create_options[] = {
    {"sandboxer", ctd_read_string, OPTION(sandboxer), false},
    {"runtime", ctd_read_string, OPTION(runtime), false},
    {"runtime_options", ctd_read_runtime_options, OPTION(runtime_options), false},
    {"spec", ctd_read_spec, OPTION(spec), false},
    {"labels", ctd_message_read_option, OPTION(record), false},
    {"extensions", ctd_message_read_option, OPTION(record), false},
    {"rootfs", ctd_message_read_option, OPTION(controller), false},
    {"options", ctd_message_read_option, OPTION(controller), false},
    {"netns_path", ctd_message_read_option, OPTION(controller), false},
    {"annotations", ctd_message_read_option, OPTION(controller), false},
    {"auto_delete", ctd_read_boolean, offsetof(struct create, auto_delete), false},
    {NULL, NULL, 0, false},
};

static void create_parse(lua_State *L, struct ctd_op *op, void *data) {
  struct create *request = data;
  (void)L, (void)op;
  containerd__types__sandbox__init(&request->options.record);
  containerd__services__sandbox__v1__controller_create_request__init(&request->options.controller);
}

static int create_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct create *request = data;
  return ctd_sandbox_create(request->client, request->id, &request->options, scope, &request->sandbox, err);
}

static int create_push(lua_State *L, struct ctd_op *op, void *data) {
  struct create *request = data;
  struct ctd_object *object = ctd_object_push(L, &ctd_sandbox_type, &request->sandbox, op->safe);
  object->auto_delete = request->auto_delete;
  return 1;
}

/* A sandbox that the script never got to see goes as one with auto_delete does. */
static void create_release(void *data) {
  struct create *request = data;
  struct ctd_error err = {0};
  if (request->sandbox && request->auto_delete)
    ctd_object_dispose(&ctd_sandbox_type, request->sandbox, &err);
  ctd_error_clear(&err);
  ctd_sandbox_unref(request->sandbox);
}

static const struct ctd_method create_method = {
    .name = "create",
    .size = sizeof(struct create),
    .arguments = create_arguments,
    .options = create_options,
    .parse = create_parse,
    .run = create_run,
    .push = create_push,
    .release = create_release,
};

struct get {
  struct ctd_client *client;
  const char *id;
  struct ctd_sandbox *sandbox;
};

static const struct ctd_option get_arguments[] = {
    {"id", ctd_read_string, offsetof(struct get, id), false},
    {NULL, NULL, 0, false},
};

static int get_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct get *request = data;
  return ctd_sandbox_get(request->client, request->id, scope, &request->sandbox, err);
}

static int get_push(lua_State *L, struct ctd_op *op, void *data) {
  ctd_object_push(L, &ctd_sandbox_type, &((struct get *)data)->sandbox, op->safe);
  return 1;
}

static void get_release(void *data) {
  ctd_sandbox_unref(((struct get *)data)->sandbox);
}

static const struct ctd_method get_method = {
    .name = "get",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct get),
    .arguments = get_arguments,
    .run = get_run,
    .push = get_push,
    .release = get_release,
};

struct list {
  struct ctd_client *client;
  struct ctd_filters filters;
  struct ctd_sandboxes sandboxes;
};

static void list_parse(lua_State *L, struct ctd_op *op, void *data) {
  ctd_filters_read(L, op, &((struct list *)data)->filters);
}

static int list_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct list *request = data;
  return ctd_sandbox_list(request->client, request->filters.items, request->filters.count, scope, &request->sandboxes,
                          err);
}

static int list_push(lua_State *L, struct ctd_op *op, void *data) {
  struct list *request = data;
  lua_createtable(L, (int)request->sandboxes.count, 0);
  for (size_t i = 0; i < request->sandboxes.count; i++) {
    ctd_object_push(L, &ctd_sandbox_type, &request->sandboxes.items[i], op->safe);
    lua_rawseti(L, -2, (int)i + 1);
  }
  return 1;
}

static void list_release(void *data) {
  ctd_sandboxes_free(&((struct list *)data)->sandboxes);
}

static const struct ctd_method list_method = {
    .name = "list",
    .flags = CTD_METHOD_SINGLE | CTD_METHOD_VARIADIC,
    .size = sizeof(struct list),
    .parse = list_parse,
    .run = list_run,
    .push = list_push,
    .release = list_release,
};

int ctd_sandboxes_function(lua_State *L) {
  return ctd_service_push(L, &ctd_sandboxes_type);
}

static const struct ctd_method *const sandboxes_methods[] = {
    &create_method,
    &get_method,
    &list_method,
    &ctd_sandboxes_start_method,
    &ctd_sandboxes_wait_method,
    &ctd_sandboxes_status_method,
    &ctd_sandboxes_stop_method,
    &ctd_sandboxes_delete_method,
    NULL,
};

const struct ctd_type ctd_sandboxes_type = {
    .name = "containerd.sandboxes",
    .ref = ctd_service_ref,
    .unref = ctd_service_unref,
    .describe = ctd_service_describe,
    .methods = sandboxes_methods,
};
