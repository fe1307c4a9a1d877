#include "client/lease.h"
#include "client/lease_resource.h"
#include "lua/op.h"
#include "lua/record.h"
#include "lua/types.h"
#include <stdlib.h>
#include <string.h>

static void *lease_ref(void *lease) {
  return ctd_lease_ref(lease);
}

static void lease_unref(void *lease) {
  ctd_lease_unref(lease);
}

static void lease_describe(lua_State *L, void *lease) {
  lua_pushstring(L, ctd_lease_id(lease));
}

/* An id in a namespace of one daemon. */
static bool lease_equal(void *a, void *b) {
  const struct ctd_client *one = ctd_lease_client(a), *other = ctd_lease_client(b);
  return !strcmp(ctd_lease_id(a), ctd_lease_id(b)) && !strcmp(ctd_client_namespace(one), ctd_client_namespace(other)) &&
         !strcmp(ctd_client_address(one), ctd_client_address(other));
}

static int lease_dispose(void *lease, struct ctd_scope *scope, struct ctd_error *err) {
  return ctd_lease_delete(ctd_lease_client(lease), ctd_lease_id(lease), false, scope, err);
}

static struct ctd_lease *lease_check(lua_State *L) {
  return ctd_object_check(L, 1, &ctd_lease_type)->pointer;
}

static int lease_id(lua_State *L) {
  lua_pushstring(L, ctd_lease_id(lease_check(L)));
  return 1;
}

static int lease_labels(lua_State *L) {
  ctd_record_push_labels(L, ctd_lease_labels(lease_check(L)));
  return 1;
}

static int lease_created(lua_State *L) {
  lua_pushnumber(L, ctd_lease_created(lease_check(L)));
  return 1;
}

struct create {
  struct ctd_client *client;
  struct ctd_lease_options options;
  bool auto_delete;
  struct ctd_lease *lease;
};

static const struct ctd_option create_options[] = {
    {"id", ctd_read_string, offsetof(struct create, options.id), false},
    {"labels", ctd_read_labels, offsetof(struct create, options.labels), false},
    {"expires", ctd_read_seconds, offsetof(struct create, options.expires), false},
    {"auto_delete", ctd_read_boolean, offsetof(struct create, auto_delete), false},
    {NULL, NULL, 0, false},
};

static void create_parse_lease(lua_State *L, struct ctd_op *op, void *data) {
  (void)L;
  (void)op;
  ((struct create *)data)->options.expires = CTD_LEASE_EXPIRY;
}

static void create_parse_lasting(lua_State *L, struct ctd_op *op, void *data) {
  (void)L;
  (void)op;
  ((struct create *)data)->options.expires = INFINITY;
}

static int create_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct create *request = data;
  return ctd_lease_create(request->client, &request->options, scope, &request->lease, err);
}

static int create_push(lua_State *L, struct ctd_op *op, void *data) {
  struct create *request = data;
  struct ctd_object *object = ctd_object_push(L, &ctd_lease_type, &request->lease, op->safe);
  object->auto_delete = request->auto_delete;
  return 1;
}

/* Nobody would ever delete a lease that the script never got to see. */
static void create_release(void *data) {
  struct create *request = data;
  struct ctd_error err = {0};
  if (request->lease)
    ctd_object_dispose(&ctd_lease_type, request->lease, &err);
  ctd_error_clear(&err);
  ctd_lease_unref(request->lease);
}

const struct ctd_method ctd_lease_method = {
    .name = "lease",
    .size = sizeof(struct create),
    .options = create_options,
    .parse = create_parse_lease,
    .run = create_run,
    .push = create_push,
    .release = create_release,
};

const struct ctd_method ctd_lease_create_method = {
    .name = "create",
    .size = sizeof(struct create),
    .options = create_options,
    .parse = create_parse_lasting,
    .run = create_run,
    .push = create_push,
    .release = create_release,
};

struct resources {
  struct ctd_lease *lease;
  struct ctd_lease_resources resources;
};

static int resources_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct resources *request = data;
  return ctd_lease_resources(ctd_lease_client(request->lease), ctd_lease_id(request->lease), scope, &request->resources,
                             err);
}

static int resources_push(lua_State *L, struct ctd_op *op, void *data) {
  const struct resources *request = data;
  (void)op;
  lua_createtable(L, (int)request->resources.count, 0);
  for (size_t i = 0; i < request->resources.count; i++) {
    lua_createtable(L, 0, 2);
    ctd_record_set_string(L, "id", request->resources.items[i].id);
    ctd_record_set_string(L, "type", request->resources.items[i].type);
    lua_rawseti(L, -2, (int)i + 1);
  }
  return 1;
}

static void resources_release(void *data) {
  free(((struct resources *)data)->resources.items);
}

static const struct ctd_method resources_method = {
    .name = "resources",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct resources),
    .run = resources_run,
    .push = resources_push,
    .release = resources_release,
};

struct change {
  struct ctd_lease *lease;
  struct ctd_lease_resource resource;
};

static const struct ctd_option change_options[] = {
    {"id", ctd_read_string, offsetof(struct change, resource.id), false},
    {"type", ctd_read_string, offsetof(struct change, resource.type), false},
    {NULL, NULL, 0, false},
};

static void change_parse(lua_State *L, struct ctd_op *op, void *data) {
  struct change *request = data;
  ctd_options_read(L, CTD_METHOD_ARGUMENT, op, change_options, request);
  if (!request->resource.id || !request->resource.type)
    ctd_misuse(L, op, "\"id\" and \"type\" of the resource expected");
}

static int add_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  const struct change *request = data;
  return ctd_lease_add(ctd_lease_client(request->lease), ctd_lease_id(request->lease), &request->resource, scope, err);
}

static const struct ctd_method add_method = {
    .name = "add",
    .flags = CTD_METHOD_SINGLE | CTD_METHOD_VARIADIC,
    .size = sizeof(struct change),
    .parse = change_parse,
    .run = add_run,
};

static int remove_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  const struct change *request = data;
  return ctd_lease_remove(ctd_lease_client(request->lease), ctd_lease_id(request->lease), &request->resource, scope,
                          err);
}

static const struct ctd_method remove_method = {
    .name = "remove",
    .flags = CTD_METHOD_SINGLE | CTD_METHOD_VARIADIC,
    .size = sizeof(struct change),
    .parse = change_parse,
    .run = remove_run,
};

struct delete {
  struct ctd_lease *lease;
  bool sync;
};

static const struct ctd_option delete_options[] = {
    {"sync", ctd_read_boolean, offsetof(struct delete, sync), false},
    {NULL, NULL, 0, false},
};

static int delete_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  const struct delete *request = data;
  return ctd_lease_delete(ctd_lease_client(request->lease), ctd_lease_id(request->lease), request->sync, scope, err);
}

static const struct ctd_method delete_method = {
    .name = "delete",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct delete),
    .options = delete_options,
    .run = delete_run,
};

static const struct ctd_method *const lease_methods[] = {
    &resources_method, &add_method, &remove_method, &delete_method, NULL,
};

static const luaL_Reg lease_functions[] = {
    {"id", lease_id},
    {"labels", lease_labels},
    {"created", lease_created},
    {NULL, NULL},
};

const struct ctd_type ctd_lease_type = {
    .name = "containerd.lease",
    .ref = lease_ref,
    .unref = lease_unref,
    .describe = lease_describe,
    .equal = lease_equal,
    .dispose = lease_dispose,
    .functions = lease_functions,
    .methods = lease_methods,
};
