#include "client/exchange.h"
#include "lua/message.h"
#include "lua/types.h"

/* Of client:call and client:stream. */
struct call {
  struct ctd_client *client;
  const struct ctd_service_method *method;
  ProtobufCMessage *request; /* the operation's */
  bool given;                /* the request */
  union {
    ProtobufCMessage *response;
    struct ctd_exchange *exchange;
  };
};

static int method_unknown(lua_State *L, struct ctd_op *op, const char *name) {
  const char *nearest = ctd_service_method_nearest(name);
  if (nearest)
    return ctd_misuse(L, op, "there is no method \"%s\" (did you mean \"%s\"?)", name, nearest);
  return ctd_misuse(L, op, "there is no method \"%s\"; containerd.services() has them all", name);
}

/* The request is an empty message until one is read. */
static void method_read(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  struct call *call = target;
  const char *text;
  ctd_read_string(L, index, op, name, &text);
  call->method = ctd_service_method_find(text);
  if (!call->method)
    method_unknown(L, op, text);
  const ProtobufCMessageDescriptor *type = ctd_service_method_request(call->method);
  call->request = ctd_arena_allocate(L, &op->arena, type->sizeof_message);
  protobuf_c_message_init(type, call->request);
}

static void unary_method_read(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  struct call *call = target;
  method_read(L, index, op, name, target);
  if (call->method->request_stream || call->method->response_stream)
    ctd_misuse(L, op, "%s has a stream of messages: see client:stream", call->method->path + 1);
}

static void request_read(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  struct call *call = target;
  call->request = ctd_message_read(L, index, op, name, call->request->descriptor);
  call->given = true;
}

static int call_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct call *call = data;
  return ctd_service_method_call(call->client, call->method, call->request, &call->response, scope, err);
}

static int call_push(lua_State *L, struct ctd_op *op, void *data) {
  (void)op;
  ctd_message_push(L, ((const struct call *)data)->response);
  return 1;
}

static void call_release(void *data) {
  struct call *call = data;
  if (call->response)
    protobuf_c_message_free_unpacked(call->response, NULL);
}

static const struct ctd_option call_arguments[] = {
    {"method", unary_method_read, 0, false},
    {"request", request_read, 0, true},
    {NULL, NULL, 0, false},
};

const struct ctd_method ctd_call_method = {
    .name = "call",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct call),
    .arguments = call_arguments,
    .run = call_run,
    .push = call_push,
    .release = call_release,
};

/* A method that takes a stream waits for what will be sent, if there's no first message. */
static int stream_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct call *call = data;
  const ProtobufCMessage *first = call->given || !call->method->request_stream ? call->request : NULL;
  return ctd_exchange_open(&call->exchange, call->client, call->method, first, scope, err);
}

/* The iterator, and again as what a generic for closes. */
static int stream_push(lua_State *L, struct ctd_op *op, void *data) {
  ctd_object_push(L, &ctd_exchange_type, &((struct call *)data)->exchange, op->safe);
  lua_pushnil(L);
  lua_pushnil(L);
  lua_pushvalue(L, -3);
  return 4;
}

static void stream_release(void *data) {
  ctd_exchange_unref(((struct call *)data)->exchange);
}

static const struct ctd_option stream_arguments[] = {
    {"method", method_read, 0, false},
    {"request", request_read, 0, true},
    {NULL, NULL, 0, false},
};

const struct ctd_method ctd_stream_method = {
    .name = "stream",
    .size = sizeof(struct call),
    .arguments = stream_arguments,
    .run = stream_run,
    .push = stream_push,
    .release = stream_release,
};
