#include "client/introspection.h"
#include "lua/filters.h"
#include "lua/message.h"
#include "lua/types.h"

struct server {
  struct ctd_client *client;
  Containerd__Services__Introspection__V1__ServerResponse *reply;
};

static int server_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct server *request = data;
  return ctd_introspection_server(request->client, &request->reply, scope, err);
}

static int server_push(lua_State *L, struct ctd_op *op, void *data) {
  (void)op;
  ctd_message_push(L, &((struct server *)data)->reply->base);
  return 1;
}

static void server_release(void *data) {
  struct server *request = data;
  if (request->reply)
    protobuf_c_message_free_unpacked(&request->reply->base, NULL);
}

const struct ctd_method ctd_server_method = {
    .name = "server",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct server),
    .run = server_run,
    .push = server_push,
    .release = server_release,
};

struct plugins {
  struct ctd_client *client;
  struct ctd_filters filters;
  Containerd__Services__Introspection__V1__PluginsResponse *reply;
};

static void plugins_parse(lua_State *L, struct ctd_op *op, void *data) {
  ctd_filters_read(L, op, &((struct plugins *)data)->filters);
}

static int plugins_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct plugins *request = data;
  return ctd_introspection_plugins(request->client, request->filters.items, request->filters.count, &request->reply,
                                   scope, err);
}

static int plugins_push(lua_State *L, struct ctd_op *op, void *data) {
  const struct plugins *request = data;
  (void)op;
  ctd_message_push_array(L, (ProtobufCMessage *const *)request->reply->plugins, request->reply->n_plugins);
  return 1;
}

static void plugins_release(void *data) {
  struct plugins *request = data;
  if (request->reply)
    protobuf_c_message_free_unpacked(&request->reply->base, NULL);
}

const struct ctd_method ctd_plugins_method = {
    .name = "plugins",
    .flags = CTD_METHOD_SINGLE | CTD_METHOD_VARIADIC,
    .size = sizeof(struct plugins),
    .parse = plugins_parse,
    .run = plugins_run,
    .push = plugins_push,
    .release = plugins_release,
};

struct serving {
  struct ctd_client *client;
  bool serving;
};

static int serving_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct serving *request = data;
  return ctd_introspection_serving(request->client, &request->serving, scope, err);
}

static int serving_push(lua_State *L, struct ctd_op *op, void *data) {
  (void)op;
  lua_pushboolean(L, ((struct serving *)data)->serving);
  return 1;
}

const struct ctd_method ctd_serving_method = {
    .name = "serving",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct serving),
    .run = serving_run,
    .push = serving_push,
};
