#include "lua/op.h"
#include "lua/object.h"
#include "rpc/call.h"
#include <stdlib.h>

struct ctd_op *ctd_op_new(const struct ctd_method *method, struct ctd_hub *hub, bool blocking, struct ctd_error *err) {
  struct ctd_op *op = calloc(1, sizeof *op + method->size);
  if (!op) {
    ctd_error_nomem(err);
    return NULL;
  }
  atomic_init(&op->references, 1);
  op->method = method;
  op->hub = ctd_hub_ref(hub);
  op->blocking = blocking;
  op->level = blocking ? 4 : 2; /* a blocking method starts its operation from a function under pcall */
  op->timeout = INFINITY;
  ctd_upcalls_init(&op->upcalls);
  return op;
}

struct ctd_op *ctd_op_ref(struct ctd_op *op) {
  atomic_fetch_add(&op->references, 1);
  return op;
}

void ctd_op_unref(struct ctd_op *op) {
  if (!op || atomic_fetch_sub(&op->references, 1) > 1)
    return;
  ctd_scope_release(&op->scope);
  ctd_scope_drop_turn(&op->scope);
  if (op->method->release)
    op->method->release(op->request);
  if (op->type)
    op->type->unref(*(void **)op->request);
  ctd_arena_free(&op->arena);
  ctd_upcalls_free(&op->upcalls);
  ctd_error_clear(&op->error);
  ctd_hub_unref(op->hub);
  free(op);
}

static int op_run(struct ctd_op *op) {
  return op->method->run(op->request, &op->scope, &op->error);
}

static void op_finish(struct ctd_op *op, int result) {
  ctd_scope_drop_turn(&op->scope);
  op->result = result;
  op->done = true;
}

/* On a job thread. */
static void op_run_job(struct ctd_op *op) {
  op->result = op_run(op);
  atomic_store(&op->complete, true);
  ctd_hub_post(op->hub, op);
}

/* The poller lets its reference go. */
static void op_leave_poller(struct ctd_op *op) {
  struct ctd_hub *hub = op->hub;
  ctd_op_unref(op);
  ctd_hub_end(hub);
}

static void op_call_is_over(void *context) {
  struct ctd_op *op = context;
  atomic_store(&op->complete, true);
  ctd_hub_post(op->hub, op);
  op_leave_poller(op);
}

bool ctd_op_is_driven(const struct ctd_op *op) {
  unsigned flags = op->method->flags;
  return !op->yields && (flags & CTD_METHOD_SINGLE || (op->blocking && flags & CTD_METHOD_SLICED));
}

/* Runs it as far as it comes without waiting; whether it is pending then. Else it's done. */
static bool op_advance(struct ctd_op *op) {
  op->scope.nowait = true;
  int result = op_run(op);
  if (result != CTD_PENDING)
    op_finish(op, result);
  return result == CTD_PENDING;
}

static void op_start_call(struct ctd_op *op) {
  ctd_hub_begin(op->hub);
  op->scope.notify = op_call_is_over;
  op->scope.notify_context = ctd_op_ref(op);
  if (op_advance(op))
    ctd_hub_expect(op->hub, op);
  else
    op_leave_poller(op);
}

static void op_start_job(struct ctd_op *op) {
  op->scope.nowait = false;
  if (ctd_hub_start_job(op->hub, op, op_run_job, &op->error))
    op_finish(op, -1);
  else
    ctd_hub_expect(op->hub, op);
}

/* On any thread. */
static void op_can_go_on(void *context) {
  struct ctd_op *op = context;
  atomic_store(&op->complete, true);
  ctd_hub_post(op->hub, op);
}

static void op_watch(struct ctd_op *op) {
  atomic_store(&op->complete, false);
  op->watched = op->method->watch(op->request, op_can_go_on, op);
  if (op->watched)
    ctd_hub_watch(op->hub, op);
  else
    op_start_job(op);
}

/* From here on nobody else knows of it. */
static void op_unwatch(struct ctd_op *op) {
  if (!op->watched)
    return;
  op->watched = false;
  op->method->watch(op->request, NULL, NULL);
  ctd_hub_unwatch(op);
}

/* A host that waits for the hub's fd hears also of what is done at once. */
static void op_start_watched(struct ctd_op *op) {
  if (op_advance(op))
    op_watch(op);
  else if (!op->blocking)
    op_can_go_on(op);
}

static void op_start_elsewhere(struct ctd_op *op) {
  if (ctd_hub_prepare(op->hub, &op->error))
    op_finish(op, -1);
  else if (op->method->flags & CTD_METHOD_SINGLE)
    op_start_call(op);
  else if (op->method->watch)
    op_start_watched(op);
  else
    op_start_job(op);
}

void ctd_op_fail(struct ctd_op *op, enum ctd_code code, const char *message) {
  ctd_error_set(&op->error, code, "%s: %s", op->method->name, message);
  snprintf(op->error.op, sizeof op->error.op, "%s", op->method->name);
  op_finish(op, -1);
}

void ctd_op_hand_over(struct ctd_op *op) {
  if (op->done || op->blocking || !ctd_op_is_driven(op) || ctd_hub_is_foreign(op->hub))
    return;
  op->yields = true;
  ctd_hub_begin(op->hub);
  if (ctd_call_watch(op->scope.call, op_call_is_over, ctd_op_ref(op), &op->error)) {
    op_finish(op, -1);
    op_leave_poller(op);
  } else {
    ctd_hub_expect(op->hub, op);
  }
}

/* The rest of a large request goes as the daemon takes it, whether anybody waits or not. */
static void op_start_driven(struct ctd_op *op) {
  if (!op->blocking && ctd_hub_prepare(op->hub, &op->error))
    op_finish(op, -1);
  else if (op_advance(op) && !op->blocking && !ctd_call_is_sent(op->scope.call))
    ctd_op_hand_over(op);
}

void ctd_op_start(struct ctd_op *op, bool yields) {
  if (op->done)
    return;
  ctd_scope_init(&op->scope, op->timeout);
  op->started = true;
  op->yields = yields;
  if (!ctd_op_is_driven(op))
    op_start_elsewhere(op);
  else if (op->method->flags & CTD_METHOD_SINGLE)
    op_start_driven(op);
}

/*
 * The operation is tried until it succeeds, fails otherwise than by the slice's end, or its own time is up. What comes
 * long before the slice's end isn't from that: a server has deadlines too.
 */
static bool op_try_slice(struct ctd_op *op, double seconds) {
  double deadline = op->scope.deadline, end = fmin(deadline, ctd_now_monotonic() + seconds);
  op->scope.deadline = end;
  int result = op_run(op);
  op->scope.deadline = deadline;
  double now = ctd_now_monotonic();
  if (result && op->error.code == CTD_DEADLINE_EXCEEDED && now < deadline && now > end - seconds / 4) {
    ctd_error_clear(&op->error);
    return false;
  }
  op_finish(op, result);
  return true;
}

static bool op_drive(struct ctd_op *op, double seconds) {
  if (op->method->flags & CTD_METHOD_SLICED)
    return op_try_slice(op, seconds);
  if (!ctd_call_wait(op->scope.call, seconds))
    return false;
  op_finish(op, op_run(op));
  return true;
}

static bool op_collect(struct ctd_op *op) {
  if (op->watched && ctd_now_monotonic() >= op->scope.deadline)
    op_can_go_on(op); /* and fails */
  if (!atomic_load(&op->complete))
    return false;
  op_unwatch(op);
  if (!op->scope.nowait)
    op_finish(op, op->result);
  else if (op_advance(op))
    op_watch(op);
  return op->done;
}

/* In a forked child nobody completes it any more, and what it has come to belongs to the parent. */
static bool op_is_lost(struct ctd_op *op) {
  return !(op->blocking && ctd_op_is_driven(op)) && ctd_hub_prepare(op->hub, &op->error);
}

bool ctd_op_poll(struct ctd_op *op, double seconds) {
  if (op->done || !op->started)
    return true;
  if (op_is_lost(op)) {
    op_finish(op, -1);
    return true;
  }
  return ctd_op_is_driven(op) ? op_drive(op, seconds) : op_collect(op);
}

void ctd_op_cancel(struct ctd_op *op) {
  if (op->done || !op->started)
    return;
  ctd_scope_cancel(&op->scope);
  if (op->scope.nowait && op->scope.call)
    ctd_call_cancel(op->scope.call);
  if (op->watched && !ctd_hub_is_foreign(op->hub)) {
    op_unwatch(op);
    op_can_go_on(op);
  }
}
