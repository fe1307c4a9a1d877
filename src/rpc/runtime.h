/*
 * The process that connections belong to: the one that made the first. They don't survive a fork, since parent and
 * child would write over each other: in a child nothing of them may be touched, not even to free it.
 */
#ifndef CTD_RPC_RUNTIME_H
#define CTD_RPC_RUNTIME_H

#include "base/error.h"

/* Makes this process the owner if there is none; CTD_FAILED_PRECONDITION in one forked from the owner. Any thread. */
int ctd_runtime_start(struct ctd_error *err);

/* Whether this process is the owner. */
bool ctd_runtime_usable(void);

#endif
