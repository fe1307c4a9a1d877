/*
 * The hub: where a Lua state hears of its operations that run on other threads. The poller and job threads touch only
 * its queue and its fd, never a lua_State. It is shared by reference and outlives the state as long as something
 * runs.
 */
#ifndef CTD_LUA_HUB_H
#define CTD_LUA_HUB_H

#include "base/error.h"
#include "lua/compat.h"
#include <stdatomic.h>

struct ctd_op;
struct ctd_hub;

/*
 * Makes the state's hub; nothing is opened or started yet. When the state closes, the hub waits, a while, for the
 * operations on other threads: they have been cancelled by then, and undo what they made.
 */
void ctd_hub_open(lua_State *L);

/* The state's hub, borrowed from it; raises when the state is closing and the hub is gone. */
struct ctd_hub *ctd_hub_of(lua_State *L);

/* The same, but NULL when the state is closing. */
struct ctd_hub *ctd_hub_find(lua_State *L);

struct ctd_hub *ctd_hub_ref(struct ctd_hub *hub);
void ctd_hub_unref(struct ctd_hub *hub);

/*
 * How many operations go on elsewhere whose end Lua hasn't been told yet: each counts from here until it is taken as
 * complete, or forgotten. Lua's thread.
 */
void ctd_hub_expect(struct ctd_hub *hub, struct ctd_op *op);
int ctd_hub_expected(const struct ctd_hub *hub);

/*
 * An operation that is watched is expected too, and has news at its deadline, until it isn't watched any more. Lua's
 * thread.
 */
void ctd_hub_watch(struct ctd_hub *hub, struct ctd_op *op);
void ctd_hub_unwatch(struct ctd_op *op);

/* Opens the fd if it isn't yet; CTD_FAILED_PRECONDITION in a process forked after that. Lua's thread. */
int ctd_hub_prepare(struct ctd_hub *hub, struct ctd_error *err);

/* Whether this process was forked from the one whose hub it is: it has neither the threads nor a say in the mutex. */
bool ctd_hub_is_foreign(const struct ctd_hub *hub);

/* Announces that `op` has news: it's queued (with a reference) unless it is already, and the fd becomes readable. */
void ctd_hub_post(struct ctd_hub *hub, struct ctd_op *op);

/* Nobody wants to hear of `op` any more: it leaves the queue, and isn't put into it again. Lua's thread. */
void ctd_hub_forget(struct ctd_hub *hub, struct ctd_op *op);

/* How many operations have news. Lua's thread. */
size_t ctd_hub_news(struct ctd_hub *hub);

/*
 * The next operation with news, with its reference; it has gone on as far as it can. NULL: none, and then the fd isn't
 * readable. Lua's thread.
 */
struct ctd_op *ctd_hub_take(struct ctd_hub *hub);

/*
 * Something of this state is under way on another thread, between begin and end: when the state closes, the hub waits
 * for it.
 */
void ctd_hub_begin(struct ctd_hub *hub);
void ctd_hub_end(struct ctd_hub *hub);

/* Runs `run(op)` on a job thread, between begin and end. */
int ctd_hub_start_job(struct ctd_hub *hub, struct ctd_op *op, void (*run)(struct ctd_op *op), struct ctd_error *err);

/*
 * For Lua's thread while it waits in C until `over` is set, after which another thread rings: what is watched goes on.
 * Lua hears of it with the next step.
 */
void ctd_hub_serve(struct ctd_hub *hub, const atomic_bool *over);
void ctd_hub_ring(struct ctd_hub *hub);

/* Waits until the fd is readable or a signal comes, at most `seconds`. */
void ctd_hub_wait(struct ctd_hub *hub, double seconds);

/*
 * For a host that can't watch the fd: the wake-up socket (lua/wakeup.h). Its path belongs to the hub, until the
 * host has connected and the connection is accepted; from then on each post sends a byte, unless one is unread. Lua's
 * thread.
 */
int ctd_hub_listen(struct ctd_hub *hub, const char **path, struct ctd_error *err);
int ctd_hub_accept(struct ctd_hub *hub, struct ctd_error *err);
void ctd_hub_hang_up(struct ctd_hub *hub);

/* The fd, which is readable while there are news or were some, opened if need be. */
int ctd_hub_fd(struct ctd_hub *hub, struct ctd_error *err);

#endif
