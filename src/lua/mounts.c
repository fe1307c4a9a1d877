#include "client/activation.h"
#include "lua/filters.h"
#include "lua/label_changes.h"
#include "lua/message.h"
#include "lua/service.h"

struct request {
  struct ctd_client *client;
  const char *name;
  struct ctd_labels labels;
  Containerd__Services__Mounts__V1__ActivateRequest message;
  ProtobufCMessage *reply;
};

static void request_release(void *data) {
  struct request *request = data;
  if (request->reply)
    protobuf_c_message_free_unpacked(request->reply, NULL);
}

static int push_info(lua_State *L, struct ctd_op *op, void *data) {
  (void)op;
  ctd_message_push(L, ((const struct request *)data)->reply);
  lua_getfield(L, -1, "info");
  return 1;
}

static void activate_parse(lua_State *L, struct ctd_op *op, void *data) {
  (void)L, (void)op;
  containerd__services__mounts__v1__activate_request__init(&((struct request *)data)->message);
}

static const struct ctd_option activate_arguments[] = {
    {"name", ctd_message_read_option, offsetof(struct request, message), false},
    {"mounts", ctd_message_read_option, offsetof(struct request, message), false},
    {NULL, NULL, 0, false},
};

static const struct ctd_option activate_options[] = {
    {"labels", ctd_message_read_option, offsetof(struct request, message), false},
    {"temporary", ctd_message_read_option, offsetof(struct request, message), false},
    {NULL, NULL, 0, false},
};

static int activate_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct request *request = data;
  return ctd_activation_make(request->client, &request->message,
                             (Containerd__Services__Mounts__V1__ActivateResponse **)&request->reply, scope, err);
}

static const struct ctd_method activate_method = {
    .name = "activate",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct request),
    .arguments = activate_arguments,
    .options = activate_options,
    .parse = activate_parse,
    .run = activate_run,
    .push = push_info,
    .release = request_release,
};

static const struct ctd_option name_arguments[] = {
    {"name", ctd_read_string, offsetof(struct request, name), false},
    {NULL, NULL, 0, false},
};

static int deactivate_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  const struct request *request = data;
  return ctd_activation_end(request->client, request->name, scope, err);
}

static const struct ctd_method deactivate_method = {
    .name = "deactivate",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct request),
    .arguments = name_arguments,
    .run = deactivate_run,
};

static int info_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct request *request = data;
  return ctd_activation_info(request->client, request->name,
                             (Containerd__Services__Mounts__V1__InfoResponse **)&request->reply, scope, err);
}

static const struct ctd_method info_method = {
    .name = "info",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct request),
    .arguments = name_arguments,
    .run = info_run,
    .push = push_info,
    .release = request_release,
};

static const struct ctd_option update_arguments[] = {
    {"name", ctd_read_string, offsetof(struct request, name), false},
    {"labels", ctd_read_label_changes, offsetof(struct request, labels), false},
    {NULL, NULL, 0, false},
};

static int update_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct request *request = data;
  return ctd_activation_update(request->client, request->name, &request->labels,
                               (Containerd__Services__Mounts__V1__UpdateResponse **)&request->reply, scope, err);
}

static const struct ctd_method update_method = {
    .name = "update",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct request),
    .arguments = update_arguments,
    .run = update_run,
    .push = push_info,
    .release = request_release,
};

struct list {
  struct ctd_client *client;
  struct ctd_filters filters;
  struct ctd_activations activations;
};

static void list_parse(lua_State *L, struct ctd_op *op, void *data) {
  ctd_filters_read(L, op, &((struct list *)data)->filters);
}

static int list_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct list *request = data;
  return ctd_activation_list(request->client, request->filters.items, request->filters.count, scope,
                             &request->activations, err);
}

static int list_push(lua_State *L, struct ctd_op *op, void *data) {
  const struct ctd_activations *activations = &((const struct list *)data)->activations;
  (void)op;
  lua_createtable(L, (int)activations->count, 0);
  for (size_t i = 0; i < activations->count; i++) {
    ctd_message_push(L, &activations->items[i]->base);
    lua_getfield(L, -1, "info");
    lua_rawseti(L, -3, (int)i + 1);
    lua_pop(L, 1);
  }
  return 1;
}

static void list_release(void *data) {
  ctd_activations_free(&((struct list *)data)->activations);
}

static const struct ctd_method list_method = {
    .name = "list",
    .flags = CTD_METHOD_VARIADIC,
    .size = sizeof(struct list),
    .parse = list_parse,
    .run = list_run,
    .push = list_push,
    .release = list_release,
};

int ctd_mounts_function(lua_State *L) {
  return ctd_service_push(L, &ctd_mounts_type);
}

static const struct ctd_method *const mounts_methods[] = {
    &activate_method, &deactivate_method, &info_method, &update_method, &list_method, NULL,
};

const struct ctd_type ctd_mounts_type = {
    .name = "containerd.mounts",
    .ref = ctd_service_ref,
    .unref = ctd_service_unref,
    .describe = ctd_service_describe,
    .methods = mounts_methods,
};
