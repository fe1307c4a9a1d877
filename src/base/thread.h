/* Threads of the library: all signals blocked, so that a host's handlers never run on them. */
#ifndef CTD_BASE_THREAD_H
#define CTD_BASE_THREAD_H

#include "base/error.h"
#include <pthread.h>

/* Starts a joinable thread named `name` (at most 15 bytes) with every signal blocked. */
int ctd_thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *argument, struct ctd_error *err);

#endif
