#include "client/client.h"
#include "client/container.h"
#include "client/image.h"
#include "lua/filters.h"
#include "lua/image_methods.h"
#include "lua/record.h"
#include "lua/types.h"

static void *client_ref(void *client) {
  return ctd_client_ref(client);
}

static void client_unref(void *client) {
  ctd_client_unref(client);
}

static void client_describe(lua_State *L, void *client) {
  lua_pushfstring(L, "%s, namespace %s", ctd_client_address(client), ctd_client_namespace(client));
}

static int client_with_namespace(lua_State *L) {
  struct ctd_object *object = ctd_object_check(L, 1, &ctd_client_type);
  const char *namespace = luaL_checkstring(L, 2);
  luaL_argcheck(L, ctd_is_text(L, 2), 2, "the string has a zero byte");
  struct ctd_client *none = NULL;
  struct ctd_object *made = ctd_object_push(L, &ctd_client_type, &none, object->safe);
  struct ctd_error *err = ctd_fail_box(L);
  if (ctd_client_with_namespace(object->pointer, namespace, (struct ctd_client **)&made->pointer, err))
    return ctd_fail(L, object->safe);
  lua_pop(L, 1);
  return 1;
}

struct version {
  struct ctd_client *client;
  struct ctd_version version;
};

static int version_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct version *request = data;
  return ctd_client_get_version(request->client, scope, &request->version, err);
}

static int version_push(lua_State *L, struct ctd_op *op, void *data) {
  const struct version *request = data;
  (void)op;
  lua_createtable(L, 0, 2);
  ctd_record_set_string(L, "version", request->version.version);
  ctd_record_set_string(L, "revision", request->version.revision);
  return 1;
}

static void version_release(void *data) {
  ctd_version_free(&((struct version *)data)->version);
}

static const struct ctd_method version_method = {
    .name = "version",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct version),
    .run = version_run,
    .push = version_push,
    .release = version_release,
};

struct get {
  struct ctd_client *client;
  const char *name;
  union {
    struct ctd_image *image;
    struct ctd_container *container;
  };
};

static int image_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct get *request = data;
  return ctd_image_get(request->client, request->name, scope, &request->image, err);
}

static int image_push(lua_State *L, struct ctd_op *op, void *data) {
  struct get *request = data;
  ctd_object_push(L, &ctd_image_type, &request->image, op->safe);
  return 1;
}

static void image_release(void *data) {
  ctd_image_unref(((struct get *)data)->image);
}

static const struct ctd_option image_arguments[] = {
    {"name", ctd_read_string, offsetof(struct get, name), false},
    {NULL, NULL, 0, false},
};

static const struct ctd_method image_method = {
    .name = "image",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct get),
    .arguments = image_arguments,
    .run = image_run,
    .push = image_push,
    .release = image_release,
};

static int container_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct get *request = data;
  return ctd_container_get(request->client, request->name, scope, &request->container, err);
}

static int container_push(lua_State *L, struct ctd_op *op, void *data) {
  struct get *request = data;
  ctd_object_push(L, &ctd_container_type, &request->container, op->safe);
  return 1;
}

static void container_release(void *data) {
  ctd_container_unref(((struct get *)data)->container);
}

static const struct ctd_option container_arguments[] = {
    {"id", ctd_read_string, offsetof(struct get, name), false},
    {NULL, NULL, 0, false},
};

static const struct ctd_method container_method = {
    .name = "container",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct get),
    .arguments = container_arguments,
    .run = container_run,
    .push = container_push,
    .release = container_release,
};

struct list {
  struct ctd_client *client;
  struct ctd_filters filters;
  union {
    struct ctd_images images;
    struct ctd_containers containers;
  };
};

static void list_parse(lua_State *L, struct ctd_op *op, void *data) {
  ctd_filters_read(L, op, &((struct list *)data)->filters);
}

static int images_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct list *request = data;
  return ctd_image_list(request->client, request->filters.items, request->filters.count, scope, &request->images, err);
}

static int images_push(lua_State *L, struct ctd_op *op, void *data) {
  ctd_image_push_list(L, &((struct list *)data)->images, op->safe);
  return 1;
}

static void images_release(void *data) {
  ctd_images_free(&((struct list *)data)->images);
}

static const struct ctd_method images_method = {
    .name = "images",
    .flags = CTD_METHOD_SINGLE | CTD_METHOD_VARIADIC,
    .size = sizeof(struct list),
    .parse = list_parse,
    .run = images_run,
    .push = images_push,
    .release = images_release,
};

static int containers_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct list *request = data;
  return ctd_container_list(request->client, request->filters.items, request->filters.count, scope,
                            &request->containers, err);
}

static int containers_push(lua_State *L, struct ctd_op *op, void *data) {
  struct list *request = data;
  lua_createtable(L, (int)request->containers.count, 0);
  for (size_t i = 0; i < request->containers.count; i++) {
    ctd_object_push(L, &ctd_container_type, &request->containers.items[i], op->safe);
    lua_rawseti(L, -2, (int)i + 1);
  }
  return 1;
}

static void containers_release(void *data) {
  ctd_containers_free(&((struct list *)data)->containers);
}

static const struct ctd_method containers_method = {
    .name = "containers",
    .flags = CTD_METHOD_VARIADIC,
    .size = sizeof(struct list),
    .parse = list_parse,
    .run = containers_run,
    .push = containers_push,
    .release = containers_release,
};

static const struct ctd_method *const client_methods[] = {
    &version_method,
    &image_method,
    &images_method,
    &container_method,
    &containers_method,
    &ctd_client_new_container_method,
    &ctd_restore_method,
    &ctd_pull_method,
    &ctd_push_method,
    &ctd_import_method,
    &ctd_export_method,
    &ctd_lease_method,
    &ctd_events_method,
    &ctd_publish_method,
    &ctd_forward_method,
    &ctd_server_method,
    &ctd_call_method,
    &ctd_stream_method,
    &ctd_plugins_method,
    &ctd_serving_method,
    &ctd_snapshots_method,
    &ctd_transfer_method,
    NULL,
};

static const luaL_Reg client_functions[] = {
    {"with_namespace", client_with_namespace}, {"with_lease", ctd_with_lease_function}, {"leases", ctd_leases_function},
    {"content", ctd_content_function},         {"namespaces", ctd_namespaces_function}, {"diff", ctd_diff_function},
    {"sandboxes", ctd_sandboxes_function},     {"mounts", ctd_mounts_function},         {NULL, NULL},
};

const struct ctd_type ctd_client_type = {
    .name = "containerd.client",
    .ref = client_ref,
    .unref = client_unref,
    .describe = client_describe,
    .functions = client_functions,
    .methods = client_methods,
};
