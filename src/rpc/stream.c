#include "rpc/stream.h"
#include "rpc/h2.h"
#include "rpc/runtime.h"
#include "rpc/status.h"
#include <stdlib.h>

struct ctd_stream {
  struct ctd_h2 *h2;
  struct ctd_scope *scope;
  const ProtobufCMessageDescriptor *type;
};

/* The daemon knows nothing of the scope, whose deadline may change while the stream lasts. */
static void end_with_scope(struct ctd_stream *stream, const struct ctd_scope *scope) {
  if (ctd_scope_cancelled(scope))
    ctd_h2_cancel(stream->h2, CTD_STATUS_CANCELLED, "cancelled");
  else if (ctd_now_monotonic() >= scope->deadline)
    ctd_h2_cancel(stream->h2, CTD_STATUS_DEADLINE_EXCEEDED, "timed out");
}

static int stream_start(struct ctd_stream **out, struct ctd_h2_start *start, const ProtobufCMessageDescriptor *type,
                        struct ctd_scope *scope, struct ctd_error *err) {
  *out = NULL;
  if (ctd_scope_check(scope, err))
    return -1;
  struct ctd_stream *stream = calloc(1, sizeof *stream);
  if (!stream)
    return ctd_error_nomem(err);
  stream->scope = scope;
  stream->type = type;
  start->deadline = INFINITY;
  if (ctd_h2_open(&stream->h2, start, err)) {
    free(stream);
    return -1;
  }
  *out = stream;
  return 0;
}

int ctd_stream_open(struct ctd_stream **out, const struct ctd_target *target, const char *method,
                    const ProtobufCMessageDescriptor *type, struct ctd_scope *scope, struct ctd_error *err) {
  struct ctd_h2_start start = {.target = target, .method = method};
  return stream_start(out, &start, type, scope, err);
}

/* Why nothing more can be sent: how the call ended. */
static int stream_failure(struct ctd_stream *stream, struct ctd_error *err) {
  if (ctd_h2_check(stream->h2, err))
    return -1;
  return ctd_error_set(err, CTD_ABORTED, "the daemon ended the call early");
}

static void await_sent(struct ctd_stream *stream, const struct ctd_scope *scope) {
  while (!ctd_h2_await_sent(stream->h2, ctd_scope_slice(scope)))
    end_with_scope(stream, scope);
}

static int send_wire(struct ctd_stream *stream, struct ctd_wire *wire, const struct ctd_scope *scope,
                     struct ctd_error *err) {
  ctd_h2_send(stream->h2, wire, false);
  await_sent(stream, scope);
  ctd_wire_free(wire);
  return ctd_h2_unsent(stream->h2) ? stream_failure(stream, err) : 0;
}

int ctd_stream_send_within(struct ctd_stream *stream, const ProtobufCMessage *message, const struct ctd_scope *scope,
                           struct ctd_error *err) {
  struct ctd_wire wire;
  return ctd_wire_pack(&wire, message, err) ? -1 : send_wire(stream, &wire, scope, err);
}

int ctd_stream_send(struct ctd_stream *stream, const ProtobufCMessage *message, struct ctd_error *err) {
  return ctd_stream_send_within(stream, message, stream->scope, err);
}

int ctd_stream_send_data(struct ctd_stream *stream, const ProtobufCMessage *message, unsigned field, const void *data,
                         size_t size, struct ctd_error *err) {
  struct ctd_wire wire;
  if (ctd_wire_pack_data(&wire, message, field, data, size, err))
    return -1;
  return send_wire(stream, &wire, stream->scope, err);
}

void ctd_stream_close_send(struct ctd_stream *stream) {
  ctd_h2_send(stream->h2, NULL, true);
  await_sent(stream, stream->scope);
}

bool ctd_stream_await(struct ctd_stream *stream, double seconds) {
  return ctd_h2_await_message(stream->h2, seconds);
}

int ctd_stream_watch(struct ctd_stream *stream, void (*notify)(void *), void *context, struct ctd_error *err) {
  return ctd_h2_watch(stream->h2, true, notify, context, err);
}

void ctd_stream_unwatch(struct ctd_stream *stream) {
  ctd_h2_unwatch(stream->h2);
}

/* The next answer; NULL: there are no more. */
static struct ctd_message *message_receive(struct ctd_stream *stream) {
  while (!ctd_h2_await_message(stream->h2, ctd_scope_slice(stream->scope)))
    end_with_scope(stream, stream->scope);
  return ctd_h2_take(stream->h2);
}

int ctd_stream_receive_in(struct ctd_stream *stream, struct ctd_pool *pool, ProtobufCMessage **reply,
                          struct ctd_error *err) {
  struct ctd_message *message = message_receive(stream);
  *reply = NULL;
  if (!message)
    return ctd_h2_check(stream->h2, err);
  int result = ctd_wire_unpack(reply, stream->type, pool, message->data, message->size, err);
  free(message);
  return result;
}

int ctd_stream_receive(struct ctd_stream *stream, ProtobufCMessage **reply, struct ctd_error *err) {
  return ctd_stream_receive_in(stream, NULL, reply, err);
}

int ctd_stream_receive_data(struct ctd_stream *stream, unsigned field, struct ctd_buffer *out, bool *ended,
                            struct ctd_error *err) {
  struct ctd_message *message = message_receive(stream);
  const uint8_t *data;
  size_t size;
  *ended = !message;
  if (!message)
    return ctd_h2_check(stream->h2, err);
  int result = ctd_wire_find(message->data, message->size, field, &data, &size, err);
  if (!result && size)
    result = ctd_buffer_append(out, data, size, err);
  ctd_h2_recycle(stream->h2, message);
  return result;
}

void ctd_stream_free(struct ctd_stream *stream) {
  if (!stream || !ctd_runtime_usable())
    return;
  ctd_h2_free(stream->h2);
  free(stream);
}

int ctd_stream_request(struct ctd_stream **out, const struct ctd_target *target, const char *method,
                       const ProtobufCMessage *request, const ProtobufCMessageDescriptor *type, struct ctd_scope *scope,
                       struct ctd_error *err) {
  struct ctd_wire wire;
  struct ctd_h2_start start = {.target = target, .method = method, .first = &wire, .closing = true};
  *out = NULL;
  if (ctd_wire_pack(&wire, request, err))
    return -1;
  int result = stream_start(out, &start, type, scope, err);
  if (*out)
    await_sent(*out, scope);
  ctd_wire_free(&wire);
  return result;
}
