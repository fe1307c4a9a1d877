/* The poller: one thread of the process that waits for file descriptors with epoll and tells their owners. */
#ifndef CTD_BASE_POLLER_H
#define CTD_BASE_POLLER_H

#include "base/error.h"
#include <stdint.h>

/* What is called on the poller's thread when a descriptor is ready. */
struct ctd_poller_tag {
  void (*ready)(struct ctd_poller_tag *tag);
};

/* Something to do once on the poller's thread, after all events of the past were handled. */
struct ctd_poller_job {
  void (*run)(struct ctd_poller_job *job);
  struct ctd_poller_job *next;
};

/* The thread starts with the first use; a process forked after that can't have one: CTD_FAILED_PRECONDITION. */
int ctd_poller_start(struct ctd_error *err);

/*
 * Makes a descriptor known; it's not waited for yet. *pollable is false for those that are always ready, such as
 * regular files: nothing is done for them. The poller has been started.
 */
int ctd_poller_add(int fd, struct ctd_poller_tag *tag, bool *pollable, struct ctd_error *err);

/* Waits for one event (EPOLLIN, EPOLLOUT; the end of the other side is one of any kind). Any thread. */
void ctd_poller_arm(int fd, uint32_t events, struct ctd_poller_tag *tag);

/* Before the descriptor is closed. Its tag may be called once more until the jobs posted after this have run. */
void ctd_poller_remove(int fd);

/* Any thread; jobs run in their order. */
void ctd_poller_post(struct ctd_poller_job *job);

#endif
