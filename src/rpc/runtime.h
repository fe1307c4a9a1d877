/*
 * gRPC's life in this process. It starts with the first connection, never when the library is loaded, and belongs to
 * the process that started it: gRPC doesn't survive a fork, so in a child nothing of it may be touched, not even to
 * free it.
 */
#ifndef CTD_RPC_RUNTIME_H
#define CTD_RPC_RUNTIME_H

#include "base/error.h"

/* Starts gRPC if it isn't yet; CTD_FAILED_PRECONDITION in a process forked after that. Any thread. */
int ctd_runtime_start(struct ctd_error *err);

/* Whether gRPC objects of this process may be used. */
bool ctd_runtime_usable(void);

#endif
