#include "client/exchange.h"
#include "client/await.h"
#include "rpc/runtime.h"
#include "rpc/stream.h"
#include <stdlib.h>

struct ctd_exchange {
  atomic_int references;
  atomic_flag sending; /* while a thread does */
  ctd_flag receiving;  /* while the next message is waited for */
  struct ctd_client *client;
  const struct ctd_service_method *method;
  struct ctd_scope scope; /* of the stream */
  struct ctd_stream *stream;
  bool closed; /* for sending */
};

static int exchange_failed(const struct ctd_exchange *exchange, const char *op, struct ctd_error *err) {
  return ctd_client_failed(exchange->client, err, op, "%s", exchange->method->path + 1);
}

static int exchange_begin(struct ctd_exchange *exchange, const ProtobufCMessage *request, struct ctd_error *err) {
  exchange->closed = !exchange->method->request_stream;
  if (ctd_stream_open(&exchange->stream, ctd_client_target(exchange->client), exchange->method->path,
                      ctd_service_method_response(exchange->method), &exchange->scope, err))
    return -1;
  int result = request ? ctd_stream_send(exchange->stream, request, err) : 0;
  if (exchange->closed)
    ctd_stream_close_send(exchange->stream);
  if (!result)
    return 0;
  if (ctd_scope_check(&exchange->scope, err))
    return -1;
  ctd_error_clear(err); /* the daemon has ended the call already: whoever receives hears why */
  return 0;
}

int ctd_exchange_open(struct ctd_exchange **out, struct ctd_client *client, const struct ctd_service_method *method,
                      const ProtobufCMessage *request, struct ctd_scope *scope, struct ctd_error *err) {
  struct ctd_exchange *exchange = calloc(1, sizeof *exchange);
  *out = NULL;
  if (!exchange)
    return ctd_error_nomem(err);
  atomic_init(&exchange->references, 1);
  atomic_flag_clear(&exchange->sending);
  exchange->client = ctd_client_ref(client);
  exchange->method = method;
  ctd_scope_init_within(&exchange->scope, scope);
  if (exchange_begin(exchange, request, err)) {
    exchange_failed(exchange, "stream", err);
    ctd_exchange_unref(exchange);
    return -1;
  }
  ctd_scope_init(&exchange->scope, INFINITY);
  *out = exchange;
  return 0;
}

struct ctd_exchange *ctd_exchange_ref(struct ctd_exchange *exchange) {
  atomic_fetch_add(&exchange->references, 1);
  return exchange;
}

void ctd_exchange_unref(struct ctd_exchange *exchange) {
  if (!exchange || atomic_fetch_sub(&exchange->references, 1) > 1)
    return;
  ctd_stream_free(exchange->stream);
  ctd_client_unref(exchange->client);
  free(exchange);
}

const struct ctd_service_method *ctd_exchange_method(const struct ctd_exchange *exchange) {
  return exchange->method;
}

/* For sending, until the flag is cleared. */
static int exchange_enter(struct ctd_exchange *exchange, struct ctd_error *err) {
  if (ctd_runtime_start(err))
    return -1;
  if (atomic_flag_test_and_set(&exchange->sending))
    return ctd_error_set(err, CTD_FAILED_PRECONDITION, "a message is being sent already");
  return 0;
}

int ctd_exchange_send(struct ctd_exchange *exchange, const ProtobufCMessage *message, struct ctd_scope *scope,
                      struct ctd_error *err) {
  if (exchange_enter(exchange, err))
    return exchange_failed(exchange, "send", err);
  int result;
  if (exchange->closed)
    result = ctd_error_set(err, CTD_FAILED_PRECONDITION, "no more messages can be sent");
  else
    result = ctd_stream_send_within(exchange->stream, message, scope, err);
  atomic_flag_clear(&exchange->sending);
  return result ? exchange_failed(exchange, "send", err) : 0;
}

int ctd_exchange_close_send(struct ctd_exchange *exchange, struct ctd_error *err) {
  if (exchange_enter(exchange, err))
    return exchange_failed(exchange, "close_send", err);
  if (!exchange->closed)
    ctd_stream_close_send(exchange->stream);
  exchange->closed = true;
  atomic_flag_clear(&exchange->sending);
  return 0;
}

static int receive(struct ctd_exchange *exchange, ProtobufCMessage **out, struct ctd_scope *scope,
                   struct ctd_error *err) {
  int result = ctd_await_answer(exchange->stream, scope, err);
  return result ? result : ctd_stream_receive(exchange->stream, out, err);
}

int ctd_exchange_receive(struct ctd_exchange *exchange, ProtobufCMessage **out, struct ctd_scope *scope,
                         struct ctd_error *err) {
  int result = -1;
  *out = NULL;
  if (ctd_runtime_start(err))
    return exchange_failed(exchange, "recv", err);
  if (ctd_scope_enter(scope, &exchange->receiving))
    result = ctd_scope_leave(scope, &exchange->receiving, receive(exchange, out, scope, err));
  else
    ctd_error_set(err, CTD_FAILED_PRECONDITION, "the next message is being waited for already");
  return result < 0 ? exchange_failed(exchange, "recv", err) : result;
}

bool ctd_exchange_watch(struct ctd_exchange *exchange, void (*notify)(void *), void *context) {
  return ctd_await_watch(exchange->stream, notify, context);
}
