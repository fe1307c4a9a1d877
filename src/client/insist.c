#include "client/insist.h"

#define GRACE 10.0

/* Drives the call until it's complete, or the scope is over and the grace too. */
static void insist_wait(struct ctd_call *call, struct ctd_scope *scope) {
  double end = INFINITY;
  while (!ctd_call_wait(call, CTD_SLICE)) {
    if (isinf(end) && (ctd_scope_cancelled(scope) || ctd_now_monotonic() >= scope->deadline))
      end = ctd_now_monotonic() + GRACE;
    if (ctd_now_monotonic() >= end)
      ctd_call_cancel(call);
  }
}

int ctd_insist(const struct ctd_target *target, const char *method, const ProtobufCMessage *request,
               const ProtobufCMessageDescriptor *type, ProtobufCMessage **reply, struct ctd_scope *scope,
               struct ctd_error *err) {
  struct ctd_scope own;
  ctd_scope_init(&own, INFINITY);
  own.nowait = true;
  if (ctd_scope_check(scope, err))
    return -1;
  int result = ctd_call(target, method, request, type, reply, &own, err);
  if (result != CTD_PENDING)
    return result;
  insist_wait(own.call, scope);
  return ctd_call(target, method, request, type, reply, &own, err);
}
