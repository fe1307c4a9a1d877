/* What a program does with a call that an operation in a `nowait` scope has left there. */
#ifndef CTD_RPC_PENDING_H
#define CTD_RPC_PENDING_H

#include "base/clock.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Drives a call without `notify` for at most `seconds`; whether it's complete. Only one thread at a time. */
bool ctd_call_wait(struct ctd_call *call, double seconds);

/* Whether the daemon has been told all of it. What isn't goes on when the call is waited for, or watched. */
bool ctd_call_is_sent(struct ctd_call *call);

/*
 * Gives a call without `notify` one, which is called as that of a scope would be, also if it's complete already. From
 * then on it isn't waited for.
 */
int ctd_call_watch(struct ctd_call *call, void (*notify)(void *), void *context, struct ctd_error *err);

/* Ends the call early; it still has to complete. Any thread. */
void ctd_call_cancel(struct ctd_call *call);

/* Takes the call out of the scope and frees it. One that isn't complete is cancelled first and must not have `notify`.
 */
void ctd_scope_release(struct ctd_scope *scope);

#ifdef __cplusplus
}
#endif

#endif
