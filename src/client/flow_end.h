/* An end of a flow: a file descriptor that the poller watches, read and written without blocking the poller's thread.
 */
#ifndef CTD_CLIENT_FLOW_END_H
#define CTD_CLIENT_FLOW_END_H

#include "base/poller.h"
#include <stddef.h>
#include <sys/types.h>

/* `fd` −1: there's none; everything but opening is then without effect. */
struct ctd_flow_end {
  struct ctd_poller_tag tag; /* first; its function is set before the end is opened */
  int fd;                    /* owned */
  bool pollable;             /* false: always ready, see poller.h */
  bool blocking;             /* it could only be had so: one page may be written after EPOLLOUT, no more */
};

/*
 * A descriptor of one's own for the caller's `fd`, to read from (O_RDONLY) or write to (O_WRONLY). Pipes and terminals
 * are opened anew, so that making them non-blocking doesn't change the caller's; others are duplicated.
 * CTD_INVALID_ARGUMENT: it isn't open, or not for that.
 */
int ctd_flow_end_duplicate(struct ctd_flow_end *end, int fd, int mode, struct ctd_error *err);

/* Opens a FIFO without blocking. For writing: 0 with `fd` −1 as long as nobody has it open for reading. */
int ctd_flow_end_open(struct ctd_flow_end *end, const char *fifo, int mode, struct ctd_error *err);

/* A timer, ready once after ctd_flow_end_set. */
int ctd_flow_end_timer(struct ctd_flow_end *end, struct ctd_error *err);
void ctd_flow_end_set(struct ctd_flow_end *timer, double seconds);

/* Waits for one event. */
void ctd_flow_end_arm(struct ctd_flow_end *end, uint32_t events);

/* As read and write, without their EINTR; −1 with EAGAIN: not now. On the poller's thread, where SIGPIPE is blocked. */
ssize_t ctd_flow_end_read(struct ctd_flow_end *end, void *data, size_t size);
ssize_t ctd_flow_end_write(struct ctd_flow_end *end, const void *data, size_t size);

/* Whether it's a pipe for writing that nobody reads any more. */
bool ctd_flow_end_broken(const struct ctd_flow_end *end);

/* Whether it's the terminal of this process, and another job is in its foreground: reading would be stealing. */
bool ctd_flow_end_in_background(const struct ctd_flow_end *end);

void ctd_flow_end_close(struct ctd_flow_end *end);

#endif
