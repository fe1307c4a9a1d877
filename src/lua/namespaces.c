#include "client/namespace.h"
#include "lua/label_changes.h"
#include "lua/op.h"
#include "lua/record.h"
#include "lua/service.h"

struct list {
  struct ctd_client *client;
  struct ctd_namespaces namespaces;
};

static int list_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct list *request = data;
  return ctd_namespace_list(request->client, scope, &request->namespaces, err);
}

static int list_push(lua_State *L, struct ctd_op *op, void *data) {
  const struct list *request = data;
  (void)op;
  lua_createtable(L, (int)request->namespaces.count, 0);
  for (size_t i = 0; i < request->namespaces.count; i++) {
    lua_pushstring(L, request->namespaces.names[i]);
    lua_rawseti(L, -2, (int)i + 1);
  }
  return 1;
}

static void list_release(void *data) {
  ctd_namespaces_free(&((struct list *)data)->namespaces);
}

static const struct ctd_method list_method = {
    .name = "list",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct list),
    .run = list_run,
    .push = list_push,
    .release = list_release,
};

/* One namespace, and its labels: those to be given to it, or those that it has. */
struct request {
  struct ctd_client *client;
  const char *name;
  struct ctd_labels labels;
};

static const struct ctd_option name_argument[] = {
    {"name", ctd_read_string, offsetof(struct request, name), false},
    {NULL, NULL, 0, false},
};

static const struct ctd_option create_arguments[] = {
    {"name", ctd_read_string, offsetof(struct request, name), false},
    {"labels", ctd_read_labels, offsetof(struct request, labels), true},
    {NULL, NULL, 0, false},
};

static int create_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  const struct request *request = data;
  return ctd_namespace_create(request->client, request->name, &request->labels, scope, err);
}

static const struct ctd_method create_method = {
    .name = "create",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct request),
    .arguments = create_arguments,
    .run = create_run,
};

static int labels_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct request *request = data;
  return ctd_namespace_labels(request->client, request->name, scope, &request->labels, err);
}

static int labels_push(lua_State *L, struct ctd_op *op, void *data) {
  (void)op;
  ctd_record_push_labels(L, &((const struct request *)data)->labels);
  return 1;
}

static void labels_release(void *data) {
  ctd_labels_free(&((struct request *)data)->labels);
}

static const struct ctd_method labels_method = {
    .name = "labels",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct request),
    .arguments = name_argument,
    .run = labels_run,
    .push = labels_push,
    .release = labels_release,
};

static const struct ctd_option set_labels_arguments[] = {
    {"name", ctd_read_string, offsetof(struct request, name), false},
    {"labels", ctd_read_label_changes, offsetof(struct request, labels), false},
    {NULL, NULL, 0, false},
};

static int set_labels_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  const struct request *request = data;
  return ctd_namespace_set_labels(request->client, request->name, &request->labels, scope, err);
}

static const struct ctd_method set_labels_method = {
    .name = "set_labels",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct request),
    .arguments = set_labels_arguments,
    .run = set_labels_run,
};

static int delete_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  const struct request *request = data;
  return ctd_namespace_delete(request->client, request->name, scope, err);
}

static const struct ctd_method delete_method = {
    .name = "delete",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct request),
    .arguments = name_argument,
    .run = delete_run,
};

int ctd_namespaces_function(lua_State *L) {
  return ctd_service_push(L, &ctd_namespaces_type);
}

static const struct ctd_method *const namespaces_methods[] = {
    &list_method, &create_method, &labels_method, &set_labels_method, &delete_method, NULL,
};

const struct ctd_type ctd_namespaces_type = {
    .name = "containerd.namespaces",
    .ref = ctd_service_ref,
    .unref = ctd_service_unref,
    .describe = ctd_service_describe,
    .methods = namespaces_methods,
};
