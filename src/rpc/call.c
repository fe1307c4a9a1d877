#include "rpc/call.h"
#include "rpc/h2.h"
#include "rpc/runtime.h"
#include "rpc/status.h"
#include <stdlib.h>

struct ctd_call {
  struct ctd_h2 *h2;
  struct ctd_wire request;
  double deadline;
  bool watched; /* the poller sees to it */
};

static void call_free(struct ctd_call *call) {
  if (call->h2)
    ctd_h2_free(call->h2);
  ctd_wire_free(&call->request);
  free(call);
}

/* NULL and *err when it can't be started. */
static struct ctd_call *call_start(const struct ctd_target *target, const char *method, const ProtobufCMessage *request,
                                   const struct ctd_scope *scope, struct ctd_error *err) {
  struct ctd_call *call = calloc(1, sizeof *call);
  if (!call) {
    ctd_error_nomem(err);
    return NULL;
  }
  call->deadline = scope->deadline;
  call->watched = scope->notify;
  const struct ctd_h2_start start = {
      .target = target,
      .method = method,
      .first = &call->request,
      .closing = true,
      .deadline = scope->deadline,
      .notify = scope->notify,
      .notify_context = scope->notify_context,
  };
  if (!ctd_wire_pack(&call->request, request, err) && !ctd_h2_open(&call->h2, &start, err))
    return call;
  call_free(call);
  return NULL;
}

bool ctd_call_wait(struct ctd_call *call, double seconds) {
  double left = call->deadline - ctd_now_monotonic();
  if (call->watched)
    return ctd_h2_ended(call->h2);
  if (ctd_h2_await_end(call->h2, fmax(0, fmin(seconds, left))))
    return true;
  if (left <= seconds)
    ctd_h2_cancel(call->h2, CTD_STATUS_DEADLINE_EXCEEDED, "timed out");
  return left <= seconds;
}

bool ctd_call_is_sent(struct ctd_call *call) {
  return ctd_h2_await_sent(call->h2, 0);
}

int ctd_call_watch(struct ctd_call *call, void (*notify)(void *), void *context, struct ctd_error *err) {
  call->watched = !ctd_h2_watch(call->h2, false, notify, context, err);
  return call->watched ? 0 : -1;
}

void ctd_call_cancel(struct ctd_call *call) {
  if (ctd_runtime_usable())
    ctd_h2_cancel(call->h2, CTD_STATUS_CANCELLED, "cancelled");
}

void ctd_scope_release(struct ctd_scope *scope) {
  struct ctd_call *call = scope->call;
  scope->call = NULL;
  if (call && ctd_runtime_usable())
    call_free(call);
}

static void call_await(struct ctd_call *call, struct ctd_scope *scope) {
  while (!ctd_call_wait(call, CTD_SLICE))
    if (ctd_scope_cancelled(scope))
      ctd_call_cancel(call);
}

/* At the deadline the daemon, which knows of it, may be first to end a call, and calls that cancelled. */
static bool ended_at_deadline(const struct ctd_scope *scope, const struct ctd_error *err) {
  return err->code == CTD_CANCELLED && !ctd_scope_cancelled(scope) && ctd_now_monotonic() >= scope->deadline;
}

static int answer_unpack(const struct ctd_message *message, const ProtobufCMessageDescriptor *type,
                         ProtobufCMessage **reply, struct ctd_error *err) {
  if (!message)
    return ctd_error_set(err, CTD_DATA_LOSS, "the daemon sent no answer");
  return ctd_wire_unpack(reply, type, NULL, message->data, message->size, err);
}

/* Frees the call. */
static int call_answer(struct ctd_call *call, const ProtobufCMessageDescriptor *type, ProtobufCMessage **reply,
                       struct ctd_scope *scope, struct ctd_error *err) {
  struct ctd_message *message;
  int result = ctd_h2_finish(call->h2, &message, err);
  call->h2 = NULL;
  call_free(call);
  if (!result && reply)
    result = answer_unpack(message, type, reply, err);
  else if (result && ended_at_deadline(scope, err))
    ctd_scope_check(scope, err);
  free(message);
  return result;
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
  return call_answer(call, type, reply, scope, err);
}
