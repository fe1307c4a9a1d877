/* Time as seconds in a double, and the scope of an operation: its deadline and its cancel flag. */
#ifndef CTD_BASE_CLOCK_H
#define CTD_BASE_CLOCK_H

#include "base/error.h"
#include <math.h>
#include <stdint.h>

/* The two languages have the same flag under two names. */
#ifdef __cplusplus
#include <atomic>
typedef std::atomic<bool> ctd_flag;
#else
#include <stdatomic.h>
typedef atomic_bool ctd_flag;
#endif

#ifdef __cplusplus
extern "C" {
#endif

struct ctd_call;

/* How often a blocked operation looks at its cancel flag, in seconds. */
#define CTD_SLICE 0.05

/*
 * What an operation and everything inside it share. Every RPC, transfer and sleep ends with CTD_DEADLINE_EXCEEDED at
 * the deadline, and with CTD_CANCELLED soon after `cancelled` was set, by any thread.
 *
 * An operation that is one RPC can be started without waiting: with `nowait` set it sends its call, leaves it in `call`
 * and returns CTD_PENDING. When the call is complete, the same operation is run again with the same scope, and reads
 * its answer from there. See rpc/pending.h.
 *
 * One that waits for what comes by itself (bytes, messages) does what can be done at once, and returns CTD_PENDING
 * where it would wait; it is run again later. Meanwhile it keeps its turn.
 */
struct ctd_scope {
  double deadline;    /* on the monotonic clock; INFINITY: none */
  ctd_flag cancelled; /* set by any thread */
  bool nowait;
  void (*notify)(void *);   /* with nowait: called on the poller's thread when the call is complete; */
  void *notify_context;     /* without it the call is driven by whoever waits for it */
  struct ctd_call *call;    /* owned by the scope */
  ctd_flag *turn;           /* that a pending operation keeps, borrowed; NULL: none */
  struct ctd_scope *parent; /* borrowed; ends this scope too. NULL: none */
};

/* What a nowait operation returns while its call is under way, or what it waits for isn't there. */
#define CTD_PENDING 1

double ctd_now_monotonic(void); /* seconds */
double ctd_now_epoch(void);     /* seconds since 1970 */

/* A scope that ends `timeout` seconds from now (INFINITY: never). */
void ctd_scope_init(struct ctd_scope *scope, double timeout);

/* A scope inside another, which ends with it and can be cancelled alone. `parent` must outlive it. */
void ctd_scope_init_within(struct ctd_scope *scope, struct ctd_scope *parent);

/* Cancels it, and all scopes inside it. Any thread, also in a handler of signals. */
void ctd_scope_cancel(struct ctd_scope *scope);

/* Whether it, or what it is inside of, was cancelled. */
bool ctd_scope_cancelled(const struct ctd_scope *scope);

/* 0 while the scope is alive; else −1 with CTD_CANCELLED or CTD_DEADLINE_EXCEEDED. */
int ctd_scope_check(struct ctd_scope *scope, struct ctd_error *err);

/* How long the next wait may last, in seconds: up to CTD_SLICE and to the deadline; with nowait not at all. */
double ctd_scope_slice(const struct ctd_scope *scope);

/* As ctd_scope_check, and CTD_PENDING if the scope is alive and doesn't wait. */
int ctd_scope_may_wait(struct ctd_scope *scope, struct ctd_error *err);

/*
 * For what one operation at a time may do: takes the turn, which is set while somebody has it; whether this scope's
 * operation has it now. Leaving gives it back, unless `result`, which is also returned, says that the operation is
 * pending. Whoever gives up a pending operation drops its turn.
 */
bool ctd_scope_enter(struct ctd_scope *scope, ctd_flag *turn);
int ctd_scope_leave(struct ctd_scope *scope, ctd_flag *turn, int result);
void ctd_scope_drop_turn(struct ctd_scope *scope);

/* Sleeps; −1 if the scope ended first. */
int ctd_scope_sleep(struct ctd_scope *scope, double seconds, struct ctd_error *err);

/* RFC 3339 in UTC with nanoseconds left out; `out` holds at least 32 bytes. */
void ctd_format_time(double epoch, char *out, size_t size);

#ifdef __cplusplus
}
#endif

#endif
