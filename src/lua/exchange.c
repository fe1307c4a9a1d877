#include "client/exchange.h"
#include "lua/message.h"
#include "lua/types.h"

static void *exchange_ref(void *exchange) {
  return ctd_exchange_ref(exchange);
}

static void exchange_unref(void *exchange) {
  ctd_exchange_unref(exchange);
}

static void exchange_describe(lua_State *L, void *exchange) {
  lua_pushstring(L, ctd_exchange_method(exchange)->path + 1);
}

struct message {
  struct ctd_exchange *exchange;
  ProtobufCMessage *message; /* sent: the operation's; received: owned */
};

static void message_read(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  const struct message *request = (const void *)op->request;
  const struct ctd_service_method *method = ctd_exchange_method(request->exchange);
  if (!method->request_stream)
    ctd_misuse(L, op, "%s takes one request, which was sent", method->path + 1);
  *(ProtobufCMessage **)target = ctd_message_read(L, index, op, name, ctd_service_method_request(method));
}

static const struct ctd_option send_arguments[] = {
    {"message", message_read, offsetof(struct message, message), false},
    {NULL, NULL, 0, false},
};

static int send_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  const struct message *request = data;
  return ctd_exchange_send(request->exchange, request->message, scope, err);
}

static const struct ctd_method send_method = {
    .name = "send",
    .size = sizeof(struct message),
    .arguments = send_arguments,
    .run = send_run,
};

static int close_send_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  (void)scope;
  return ctd_exchange_close_send(((const struct message *)data)->exchange, err);
}

static const struct ctd_method close_send_method = {
    .name = "close_send",
    .size = sizeof(struct message),
    .run = close_send_run,
};

static int recv_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct message *request = data;
  return ctd_exchange_receive(request->exchange, &request->message, scope, err);
}

static bool recv_watch(void *data, void (*notify)(void *), void *context) {
  return ctd_exchange_watch(((const struct message *)data)->exchange, notify, context);
}

static int recv_push(lua_State *L, struct ctd_op *op, void *data) {
  (void)op;
  ctd_message_push(L, ((const struct message *)data)->message);
  return 1;
}

static void recv_release(void *data) {
  struct message *request = data;
  if (request->message)
    protobuf_c_message_free_unpacked(request->message, NULL);
}

static const struct ctd_method recv_method = {
    .name = "recv",
    .flags = CTD_METHOD_SLICED | CTD_METHOD_ENDLESS,
    .size = sizeof(struct message),
    .run = recv_run,
    .watch = recv_watch,
    .push = recv_push,
    .release = recv_release,
};

static void exchange_extend(lua_State *L) {
  ctd_method_extend_iterator(L, "recv");
}

static const struct ctd_method *const exchange_methods[] = {&send_method, &close_send_method, &recv_method, NULL};

const struct ctd_type ctd_exchange_type = {
    .name = "containerd.exchange",
    .ref = exchange_ref,
    .unref = exchange_unref,
    .describe = exchange_describe,
    .extend = exchange_extend,
    .methods = exchange_methods,
};
