#include "client/lease.h"
#include "lua/filters.h"
#include "lua/service.h"
#include <string.h>

struct list {
  struct ctd_client *client;
  struct ctd_filters filters;
  struct ctd_leases leases;
};

static void list_parse(lua_State *L, struct ctd_op *op, void *data) {
  ctd_filters_read(L, op, &((struct list *)data)->filters);
}

static int list_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct list *request = data;
  return ctd_lease_list(request->client, request->filters.items, request->filters.count, scope, &request->leases, err);
}

static int list_push(lua_State *L, struct ctd_op *op, void *data) {
  struct list *request = data;
  lua_createtable(L, (int)request->leases.count, 0);
  for (size_t i = 0; i < request->leases.count; i++) {
    ctd_object_push(L, &ctd_lease_type, &request->leases.items[i], op->safe);
    lua_rawseti(L, -2, (int)i + 1);
  }
  return 1;
}

static void list_release(void *data) {
  ctd_leases_free(&((struct list *)data)->leases);
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

struct delete {
  struct ctd_client *client;
  const char *id;
  bool sync;
};

static const struct ctd_option delete_arguments[] = {
    {"id", ctd_read_string, offsetof(struct delete, id), false},
    {NULL, NULL, 0, false},
};

static const struct ctd_option delete_options[] = {
    {"sync", ctd_read_boolean, offsetof(struct delete, sync), false},
    {NULL, NULL, 0, false},
};

static int delete_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  const struct delete *request = data;
  return ctd_lease_delete(request->client, request->id, request->sync, scope, err);
}

static const struct ctd_method delete_method = {
    .name = "delete",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct delete),
    .arguments = delete_arguments,
    .options = delete_options,
    .run = delete_run,
};

int ctd_leases_function(lua_State *L) {
  return ctd_service_push(L, &ctd_leases_type);
}

static const struct ctd_lease *check_lease_of(lua_State *L, const struct ctd_client *client, int index) {
  const struct ctd_lease *lease = ctd_object_check(L, index, &ctd_lease_type)->pointer;
  const char *namespace = ctd_client_namespace(ctd_lease_client(lease));
  if (strcmp(namespace, ctd_client_namespace(client)) != 0)
    luaL_error(L, "the lease is in namespace %s, the client in %s", namespace, ctd_client_namespace(client));
  return lease;
}

/* The lease or its id is at index 2. */
int ctd_with_lease_function(lua_State *L) {
  const struct ctd_object *object = ctd_object_check(L, 1, &ctd_client_type);
  const char *id =
      lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : ctd_lease_id(check_lease_of(L, object->pointer, 2));
  struct ctd_client *none = NULL;
  struct ctd_object *made = ctd_object_push(L, &ctd_client_type, &none, object->safe);
  struct ctd_error *err = ctd_fail_box(L);
  if (ctd_lease_check_id(id, err) ||
      ctd_client_with_lease(object->pointer, id, (struct ctd_client **)&made->pointer, err))
    return ctd_fail(L, object->safe);
  lua_pop(L, 1);
  return 1;
}

static const struct ctd_method *const leases_methods[] = {
    &list_method,
    &ctd_lease_create_method,
    &delete_method,
    NULL,
};

const struct ctd_type ctd_leases_type = {
    .name = "containerd.leases",
    .ref = ctd_service_ref,
    .unref = ctd_service_unref,
    .describe = ctd_service_describe,
    .methods = leases_methods,
};
