#include "rpc/call.h"
#include "rpc/pump.h"
#include "rpc/runtime.h"
#include "rpc/status.h"
#include "rpc/wire.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct ctd_call {
  struct ctd_pump_tag tag; /* first: the pump hands it back */
  grpc_call *grpc;
  grpc_completion_queue *queue; /* the call's own; NULL: it's on the pump's */
  void (*notify)(void *);
  void *notify_context;
  atomic_bool complete;
  grpc_metadata_array initial;
  grpc_byte_buffer *answer;
  struct ctd_status status;
};

static void call_complete(struct ctd_pump_tag *tag) {
  struct ctd_call *call = (struct ctd_call *)tag;
  void (*notify)(void *) = call->notify;
  void *context = call->notify_context;
  atomic_store(&call->complete, true);
  notify(context); /* from here on the call may be gone */
}

/* All six operations in one batch: nothing to do until the whole call is over. */
static void call_send(struct ctd_call *call, const struct ctd_target *target, const ProtobufCMessage *request) {
  grpc_metadata headers[2];
  grpc_byte_buffer *message = ctd_wire_pack(request);
  grpc_op ops[6];
  memset(ops, 0, sizeof ops);
  ops[0].op = GRPC_OP_SEND_INITIAL_METADATA;
  ops[0].data.send_initial_metadata.count = ctd_target_headers(target, headers);
  ops[0].data.send_initial_metadata.metadata = headers;
  ops[1].op = GRPC_OP_SEND_MESSAGE;
  ops[1].data.send_message.send_message = message;
  ops[2].op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
  ops[3].op = GRPC_OP_RECV_INITIAL_METADATA;
  ops[3].data.recv_initial_metadata.recv_initial_metadata = &call->initial;
  ops[4].op = GRPC_OP_RECV_MESSAGE;
  ops[4].data.recv_message.recv_message = &call->answer;
  ops[5].op = GRPC_OP_RECV_STATUS_ON_CLIENT;
  ops[5].data.recv_status_on_client.trailing_metadata = &call->status.trailers;
  ops[5].data.recv_status_on_client.status = &call->status.code;
  ops[5].data.recv_status_on_client.status_details = &call->status.text;
  size_t count = ops[0].data.send_initial_metadata.count;
  grpc_call_start_batch(call->grpc, ops, 6, &call->tag, NULL);
  grpc_byte_buffer_destroy(message);
  for (size_t i = 0; i < count; i++)
    grpc_slice_unref(headers[i].value);
}

static int call_queue(struct ctd_call *call, grpc_completion_queue **queue, struct ctd_error *err) {
  if (call->notify)
    return ctd_pump_queue(queue, err);
  *queue = call->queue = grpc_completion_queue_create_for_pluck(NULL);
  return 0;
}

/* NULL and *err when it can't be started. */
static struct ctd_call *call_start(const struct ctd_target *target, const char *method, const ProtobufCMessage *request,
                                   const struct ctd_scope *scope, struct ctd_error *err) {
  grpc_completion_queue *queue;
  if (ctd_runtime_start(err))
    return NULL;
  struct ctd_call *call = calloc(1, sizeof *call);
  if (!call) {
    ctd_error_nomem(err);
    return NULL;
  }
  call->tag.complete = call_complete;
  call->notify = scope->notify;
  call->notify_context = scope->notify_context;
  if (call_queue(call, &queue, err)) {
    free(call);
    return NULL;
  }
  call->grpc = ctd_target_call(target, method, queue, scope);
  grpc_metadata_array_init(&call->initial);
  ctd_status_init(&call->status);
  call_send(call, target, request);
  return call;
}

static void call_free(struct ctd_call *call) {
  grpc_call_unref(call->grpc);
  if (call->queue) {
    grpc_completion_queue_shutdown(call->queue);
    grpc_completion_queue_destroy(call->queue);
  }
  grpc_metadata_array_destroy(&call->initial);
  grpc_byte_buffer_destroy(call->answer);
  ctd_status_free(&call->status);
  free(call);
}

bool ctd_call_wait(struct ctd_call *call, double seconds) {
  if (!atomic_load(&call->complete) && call->queue) {
    grpc_event event = grpc_completion_queue_pluck(call->queue, &call->tag, ctd_deadline_in(seconds), NULL);
    if (event.type == GRPC_OP_COMPLETE)
      atomic_store(&call->complete, true);
  }
  return atomic_load(&call->complete);
}

void ctd_call_cancel(struct ctd_call *call) {
  if (ctd_runtime_usable())
    grpc_call_cancel(call->grpc, NULL);
}

void ctd_scope_release(struct ctd_scope *scope) {
  struct ctd_call *call = scope->call;
  scope->call = NULL;
  if (!call || !ctd_runtime_usable())
    return;
  if (!atomic_load(&call->complete))
    ctd_call_cancel(call);
  while (!ctd_call_wait(call, INFINITY))
    continue;
  call_free(call);
}

static void call_await(struct ctd_call *call, struct ctd_scope *scope) {
  bool cancelled = false;
  while (!ctd_call_wait(call, CTD_SLICE))
    if (!cancelled && ctd_scope_cancelled(scope)) {
      ctd_call_cancel(call);
      cancelled = true;
    }
}

/* At the deadline the daemon, which knows of it, may be first to end a call, and calls that cancelled. */
static bool ended_at_deadline(const struct ctd_scope *scope, const struct ctd_error *err) {
  return err->code == CTD_CANCELLED && !ctd_scope_cancelled(scope) && ctd_now_monotonic() >= scope->deadline;
}

static int call_answer(struct ctd_call *call, const ProtobufCMessageDescriptor *type, ProtobufCMessage **reply,
                       struct ctd_scope *scope, struct ctd_error *err) {
  if (!ctd_status_check(&call->status, err))
    return reply ? ctd_wire_unpack(reply, type, call->answer, err) : 0;
  if (ended_at_deadline(scope, err))
    ctd_scope_check(scope, err);
  return -1;
}

int ctd_call(const struct ctd_target *target, const char *method, const ProtobufCMessage *request,
             const ProtobufCMessageDescriptor *type, ProtobufCMessage **reply, struct ctd_scope *scope,
             struct ctd_error *err) {
  struct ctd_call *call = scope->nowait ? scope->call : NULL; /* threads may share a scope that waits */
  if (!call) {
    if (ctd_scope_check(scope, err) || !(call = call_start(target, method, request, scope, err)))
      return -1;
    if (scope->nowait) {
      scope->call = call;
      return CTD_PENDING;
    }
    call_await(call, scope);
  }
  if (scope->nowait)
    scope->call = NULL;
  int result = call_answer(call, type, reply, scope, err);
  call_free(call);
  return result;
}
