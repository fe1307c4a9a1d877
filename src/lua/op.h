/*
 * An operation: one started method, with its request, its scope and its result. It is shared by reference between its
 * Lua handle and whoever completes it: the job thread that runs it, or the poller.
 *
 * Who drives it: what is one RPC is driven by the thread that waits for it, and so is a blocking method that waits in
 * slices, as long as that thread has nothing else to hear of. Otherwise one RPC is completed by the poller. What is
 * asynchronous and can be watched is run by Lua's thread each time that it can go on, and is known to nobody else but
 * by the watch, which is over before the handle lets it go. Everything else runs on a job thread.
 */
#ifndef CTD_LUA_OP_H
#define CTD_LUA_OP_H

#include "base/clock.h"
#include "lua/arena.h"
#include "lua/hub.h"
#include "lua/method.h"
#include "lua/upcall.h"
#include <stdalign.h>
#include <stddef.h>

/* How long it may take to undo what was made, or to close what is to be deleted, after the script has gone on. */
#define CTD_UNDO_SECONDS 30

struct ctd_op {
  atomic_int references;
  const struct ctd_method *method;
  const struct ctd_type *type; /* of the receiver, whose pointer is the request's first member; NULL: none */
  struct ctd_hub *hub;
  bool blocking; /* else its handle is a future */
  bool yields;   /* other threads complete it: whoever waits has others to care for meanwhile */
  bool expected; /* by the hub */
  int level;     /* as luaL_where counts, of who called the function that reads its arguments */
  bool safe;     /* failures are returned, not raised */
  bool started, done;
  double timeout;                      /* seconds; becomes the scope's deadline */
  bool block;                          /* the caller's wish: not to yield */
  bool watched;                        /* pending, until it can go on */
  struct ctd_op *due_next, **due_link; /* in the hub's list of what is watched and has a deadline; NULL: isn't */
  atomic_bool complete; /* set by the thread that ran it, by the poller when the call is over, or when it can go on */
  struct ctd_scope scope;
  struct ctd_error error; /* owned; valid if `result` is −1 */
  int result;
  struct ctd_arena arena;
  struct ctd_upcalls upcalls;
  bool queued, forgotten; /* in the hub's queue, or never again; guarded by its mutex, as what follows */
  struct ctd_op *next, *previous;
  alignas(max_align_t) char request[];
};

/* A new operation that nothing has started. NULL and *err when memory is short. The caller unrefs it. */
struct ctd_op *ctd_op_new(const struct ctd_method *method, struct ctd_hub *hub, bool blocking, struct ctd_error *err);

struct ctd_op *ctd_op_ref(struct ctd_op *op);
void ctd_op_unref(struct ctd_op *op); /* any thread; NULL is fine */

/* Before it is started: it has failed, and won't be. */
void ctd_op_fail(struct ctd_op *op, enum ctd_code code, const char *message);

/* Starts it with its parsed request; `yields` as above. What goes wrong becomes its result. */
void ctd_op_start(struct ctd_op *op, bool yields);

/* From now on whoever waits for it has others to care for. It is asynchronous, and started; else nothing happens. */
void ctd_op_hand_over(struct ctd_op *op);

/* Drives an operation that this thread drives, for at most `seconds`; returns at once for others. Whether it's done. */
bool ctd_op_poll(struct ctd_op *op, double seconds);

/* Whether the waiting thread has to drive it. */
bool ctd_op_is_driven(const struct ctd_op *op);

/* Asks it to end soon. It still has to be waited for. */
void ctd_op_cancel(struct ctd_op *op);

#endif
