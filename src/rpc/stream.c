#include "rpc/stream.h"
#include "rpc/runtime.h"
#include "rpc/status.h"
#include "rpc/wire.h"
#include <grpc/grpc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* How long a sender waits for the status until it looks for further answers before it, in seconds. */
#define STATUS_SLICE 0.01

/* An answer that wasn't asked for yet. */
struct kept {
  grpc_byte_buffer *answer;
  struct kept *next;
};

struct ctd_stream {
  grpc_call *grpc;
  grpc_completion_queue *queue;
  struct ctd_scope *scope;
  const ProtobufCMessageDescriptor *type;
  grpc_metadata_array initial;
  pthread_mutex_t reading; /* for the answers: */
  struct kept *kept;       /* the first one */
  grpc_byte_buffer *answer;
  struct ctd_status status;
  atomic_bool sending, receiving, open; /* which batches are under way; open: the status is still to come */
};

/* gRPC knows nothing of the scope, whose deadline may change while the stream lasts. */
static bool end_with_scope(struct ctd_stream *stream, const struct ctd_scope *scope) {
  if (ctd_scope_cancelled(scope))
    grpc_call_cancel(stream->grpc, NULL);
  else if (ctd_now_monotonic() >= scope->deadline)
    grpc_call_cancel_with_status(stream->grpc, GRPC_STATUS_DEADLINE_EXCEEDED, "Deadline Exceeded", NULL);
  else
    return false;
  return true;
}

/*
 * Whether the batch is done within that time. The members' addresses are the tags of the three batches. A thread that
 * sends and one that receives may both wait for the status: one of them is given the event, the other sees the flag.
 */
static bool batch_is_done(struct ctd_stream *stream, atomic_bool *batch, double seconds, int *success) {
  if (!*batch)
    return true;
  grpc_event event = grpc_completion_queue_pluck(stream->queue, batch, ctd_deadline_in(seconds), NULL);
  if (event.type != GRPC_OP_COMPLETE)
    return !*batch;
  *batch = false;
  *success = event.success;
  return true;
}

static int batch_await_within(struct ctd_stream *stream, atomic_bool *batch, const struct ctd_scope *scope) {
  bool over = false;
  int success = 1;
  while (!batch_is_done(stream, batch, over ? CTD_SLICE : ctd_scope_slice(scope), &success))
    if (!over)
      over = end_with_scope(stream, scope);
  return success;
}

static int batch_await(struct ctd_stream *stream, atomic_bool *batch) {
  return batch_await_within(stream, batch, stream->scope);
}

static void batch_start(struct ctd_stream *stream, const grpc_op *ops, size_t count, atomic_bool *batch) {
  *batch = grpc_call_start_batch(stream->grpc, ops, count, batch, NULL) == GRPC_CALL_OK;
}

static void receive_start(struct ctd_stream *stream) {
  grpc_op op = {.op = GRPC_OP_RECV_MESSAGE};
  op.data.recv_message.recv_message = &stream->answer;
  batch_start(stream, &op, 1, &stream->receiving);
}

/* The server's headers come with its first answer, so only the status waits for them. */
static void status_start(struct ctd_stream *stream) {
  grpc_op ops[2];
  memset(ops, 0, sizeof ops);
  ops[0].op = GRPC_OP_RECV_INITIAL_METADATA;
  ops[0].data.recv_initial_metadata.recv_initial_metadata = &stream->initial;
  ops[1].op = GRPC_OP_RECV_STATUS_ON_CLIENT;
  ops[1].data.recv_status_on_client.trailing_metadata = &stream->status.trailers;
  ops[1].data.recv_status_on_client.status = &stream->status.code;
  ops[1].data.recv_status_on_client.status_details = &stream->status.text;
  batch_start(stream, ops, 2, &stream->open);
}

static void headers_send(struct ctd_stream *stream, const struct ctd_target *target) {
  grpc_metadata headers[2];
  grpc_op op = {.op = GRPC_OP_SEND_INITIAL_METADATA};
  size_t count = ctd_target_headers(target, headers);
  op.data.send_initial_metadata.count = count;
  op.data.send_initial_metadata.metadata = headers;
  batch_start(stream, &op, 1, &stream->sending);
  for (size_t i = 0; i < count; i++)
    grpc_slice_unref(headers[i].value);
  batch_await(stream, &stream->sending);
}

int ctd_stream_open(struct ctd_stream **out, const struct ctd_target *target, const char *method,
                    const ProtobufCMessageDescriptor *type, struct ctd_scope *scope, struct ctd_error *err) {
  struct ctd_scope forever;
  *out = NULL;
  if (ctd_scope_check(scope, err) || ctd_runtime_start(err))
    return -1;
  struct ctd_stream *stream = calloc(1, sizeof *stream);
  if (!stream) {
    ctd_error_nomem(err);
    return -1;
  }
  stream->scope = scope;
  stream->type = type;
  stream->queue = grpc_completion_queue_create_for_pluck(NULL);
  ctd_scope_init(&forever, INFINITY);
  stream->grpc = ctd_target_call(target, method, stream->queue, &forever);
  pthread_mutex_init(&stream->reading, NULL);
  grpc_metadata_array_init(&stream->initial);
  ctd_status_init(&stream->status);
  status_start(stream);
  headers_send(stream, target);
  receive_start(stream);
  *out = stream;
  return 0;
}

/* With `reading`. Cancels the call for want of memory. */
static void answers_keep(struct ctd_stream *stream) {
  struct kept **end = &stream->kept;
  int success;
  while (*end)
    end = &(*end)->next;
  while (batch_is_done(stream, &stream->receiving, 0, &success) && stream->answer) {
    if (!(*end = calloc(1, sizeof **end))) {
      grpc_call_cancel(stream->grpc, NULL);
      return;
    }
    (*end)->answer = stream->answer;
    end = &(*end)->next;
    stream->answer = NULL;
    receive_start(stream);
  }
}

/*
 * Why nothing more can be sent: how the call ended. gRPC tells that only after all answers, which are kept for whoever
 * receives; if somebody is receiving, they are taken there.
 */
static int stream_failure(struct ctd_stream *stream, const struct ctd_scope *scope, struct ctd_error *err) {
  bool over = false;
  int success;
  while (!batch_is_done(stream, &stream->open, STATUS_SLICE, &success)) {
    if (!over)
      over = end_with_scope(stream, scope);
    if (!pthread_mutex_trylock(&stream->reading)) {
      answers_keep(stream);
      pthread_mutex_unlock(&stream->reading);
    }
  }
  if (ctd_status_check(&stream->status, err))
    return -1;
  return ctd_error_set(err, CTD_ABORTED, "the daemon ended the call early");
}

static int send_buffer(struct ctd_stream *stream, grpc_byte_buffer *buffer, const struct ctd_scope *scope,
                       struct ctd_error *err) {
  grpc_op op = {.op = GRPC_OP_SEND_MESSAGE};
  op.data.send_message.send_message = buffer;
  batch_start(stream, &op, 1, &stream->sending);
  bool sent = stream->sending && batch_await_within(stream, &stream->sending, scope);
  grpc_byte_buffer_destroy(buffer);
  return sent ? 0 : stream_failure(stream, scope, err);
}

int ctd_stream_send(struct ctd_stream *stream, const ProtobufCMessage *message, struct ctd_error *err) {
  return send_buffer(stream, ctd_wire_pack(message), stream->scope, err);
}

int ctd_stream_send_within(struct ctd_stream *stream, const ProtobufCMessage *message, const struct ctd_scope *scope,
                           struct ctd_error *err) {
  return send_buffer(stream, ctd_wire_pack(message), scope, err);
}

int ctd_stream_send_data(struct ctd_stream *stream, const ProtobufCMessage *message, unsigned field, grpc_slice data,
                         struct ctd_error *err) {
  return send_buffer(stream, ctd_wire_pack_data(message, field, data), stream->scope, err);
}

int ctd_stream_close_send(struct ctd_stream *stream, struct ctd_error *err) {
  grpc_op op = {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT};
  batch_start(stream, &op, 1, &stream->sending);
  return batch_await(stream, &stream->sending) ? 0 : stream_failure(stream, stream->scope, err);
}

bool ctd_stream_await(struct ctd_stream *stream, double seconds) {
  int success;
  pthread_mutex_lock(&stream->reading);
  bool ready = stream->kept || batch_is_done(stream, &stream->receiving, seconds, &success);
  pthread_mutex_unlock(&stream->reading);
  return ready;
}

/* The next answer; NULL: there are no more. With `reading`. */
static grpc_byte_buffer *answer_take(struct ctd_stream *stream) {
  struct kept *kept = stream->kept;
  grpc_byte_buffer *answer;
  if (kept) {
    answer = kept->answer;
    stream->kept = kept->next;
    free(kept);
    return answer;
  }
  batch_await(stream, &stream->receiving);
  answer = stream->answer;
  stream->answer = NULL;
  if (answer)
    receive_start(stream);
  return answer;
}

int ctd_stream_receive(struct ctd_stream *stream, ProtobufCMessage **reply, struct ctd_error *err) {
  *reply = NULL;
  pthread_mutex_lock(&stream->reading);
  grpc_byte_buffer *answer = answer_take(stream);
  pthread_mutex_unlock(&stream->reading);
  if (!answer) {
    batch_await(stream, &stream->open);
    return ctd_status_check(&stream->status, err);
  }
  int result = ctd_wire_unpack(reply, stream->type, answer, err);
  grpc_byte_buffer_destroy(answer);
  return result;
}

void ctd_stream_free(struct ctd_stream *stream) {
  if (!stream || !ctd_runtime_usable())
    return;
  if (stream->open)
    grpc_call_cancel(stream->grpc, NULL);
  batch_await(stream, &stream->receiving);
  batch_await(stream, &stream->open);
  grpc_call_unref(stream->grpc);
  grpc_completion_queue_shutdown(stream->queue);
  grpc_completion_queue_destroy(stream->queue);
  grpc_metadata_array_destroy(&stream->initial);
  while (stream->kept)
    grpc_byte_buffer_destroy(answer_take(stream));
  grpc_byte_buffer_destroy(stream->answer);
  pthread_mutex_destroy(&stream->reading);
  ctd_status_free(&stream->status);
  free(stream);
}

int ctd_stream_request(struct ctd_stream **out, const struct ctd_target *target, const char *method,
                       const ProtobufCMessage *request, const ProtobufCMessageDescriptor *type, struct ctd_scope *scope,
                       struct ctd_error *err) {
  if (ctd_stream_open(out, target, method, type, scope, err))
    return -1;
  if (!ctd_stream_send(*out, request, err) && !ctd_stream_close_send(*out, err))
    return 0;
  ctd_stream_free(*out);
  *out = NULL;
  return -1;
}
