#include "client/flow_end.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define PAGE ((size_t)4096)

/* What opening anew gives the same file again: a socket gives nothing, a pty's master another pty. A regular file keeps
 * the caller's position. */
static bool may_reopen(int fd) {
  struct stat info;
  unsigned number;
  if (fstat(fd, &info))
    return false;
  return S_ISFIFO(info.st_mode) || (S_ISCHR(info.st_mode) && isatty(fd) && ioctl(fd, TIOCGPTN, &number));
}

static int fd_reopen(int fd, int mode) {
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  return may_reopen(fd) ? open(path, mode | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;
}

static int end_add(struct ctd_flow_end *end, struct ctd_error *err) {
  if (!ctd_poller_add(end->fd, &end->tag, &end->pollable, err))
    return 0;
  close(end->fd);
  end->fd = -1;
  return -1;
}

int ctd_flow_end_duplicate(struct ctd_flow_end *end, int fd, int mode, struct ctd_error *err) {
  int flags = fcntl(fd, F_GETFL);
  end->fd = -1;
  if (flags < 0)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "file descriptor %d is not open", fd);
  if ((flags & O_ACCMODE) != O_RDWR && (flags & O_ACCMODE) != mode)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "file descriptor %d is not open for %s", fd,
                         mode == O_RDONLY ? "reading" : "writing");
  end->fd = fd_reopen(fd, mode);
  bool reopened = end->fd >= 0;
  if (!reopened)
    end->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  if (end->fd < 0)
    return ctd_error_errno(err, errno, "duplicate file descriptor %d", fd);
  if (end_add(end, err))
    return -1;
  end->blocking = end->pollable && !reopened && !(flags & O_NONBLOCK);
  return 0;
}

int ctd_flow_end_open(struct ctd_flow_end *end, const char *fifo, int mode, struct ctd_error *err) {
  end->fd = open(fifo, mode | O_NONBLOCK | O_CLOEXEC);
  if (end->fd < 0)
    return errno == ENXIO ? 0 : ctd_error_errno(err, errno, "open %s", fifo);
  return end_add(end, err);
}

int ctd_flow_end_timer(struct ctd_flow_end *end, struct ctd_error *err) {
  end->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  return end->fd < 0 ? ctd_error_errno(err, errno, "make a timer") : end_add(end, err);
}

void ctd_flow_end_set(struct ctd_flow_end *timer, double seconds) {
  struct itimerspec when = {.it_value = {(time_t)seconds, (long)(fmod(seconds, 1) * 1e9)}};
  timerfd_settime(timer->fd, 0, &when, NULL);
  ctd_flow_end_arm(timer, EPOLLIN);
}

void ctd_flow_end_arm(struct ctd_flow_end *end, uint32_t events) {
  if (end->fd >= 0)
    ctd_poller_arm(end->fd, events, &end->tag);
}

ssize_t ctd_flow_end_read(struct ctd_flow_end *end, void *data, size_t size) {
  ssize_t n;
  do
    n = read(end->fd, data, size);
  while (n < 0 && errno == EINTR);
  return n;
}

ssize_t ctd_flow_end_write(struct ctd_flow_end *end, const void *data, size_t size) {
  ssize_t n;
  if (end->blocking && size > PAGE)
    size = PAGE;
  do
    n = write(end->fd, data, size);
  while (n < 0 && errno == EINTR);
  return n;
}

bool ctd_flow_end_broken(const struct ctd_flow_end *end) {
  struct pollfd poller = {.fd = end->fd};
  return poll(&poller, 1, 0) == 1 && poller.revents & POLLERR;
}

bool ctd_flow_end_in_background(const struct ctd_flow_end *end) {
  pid_t foreground = tcgetpgrp(end->fd);
  return foreground > 0 && foreground != getpgrp();
}

void ctd_flow_end_close(struct ctd_flow_end *end) {
  if (end->fd < 0)
    return;
  ctd_poller_remove(end->fd);
  close(end->fd);
  end->fd = -1;
}
