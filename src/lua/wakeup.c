#include "lua/wakeup.h"
#include "base/standard_fds.h"
#include <errno.h>
#include <linux/sockios.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static void fd_close(int *fd) {
  if (*fd >= 0)
    close(*fd);
  *fd = -1;
}

static void listener_close(struct ctd_wakeup *wakeup) {
  char *path = wakeup->address.sun_path;
  if (*path) {
    unlink(path);
    *strrchr(path, '/') = '\0';
    rmdir(path);
    *path = '\0';
  }
  fd_close(&wakeup->listener);
}

void ctd_wakeup_close(struct ctd_wakeup *wakeup) {
  listener_close(wakeup);
  fd_close(&wakeup->fd);
}

/* The path of a socket that isn't there yet, in a directory that only this user can enter. */
static int path_make(char *path, size_t size, struct ctd_error *err) {
  const char *base = getenv("TMPDIR");
  int length = snprintf(path, size, "%s/containerd-XXXXXX/hub", base && *base ? base : "/tmp");
  if (length < 0 || (size_t)length >= size) {
    *path = '\0';
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "$TMPDIR is too long for the path of a socket: %s", base);
  }
  char *slash = strrchr(path, '/');
  *slash = '\0';
  if (!mkdtemp(path)) {
    int errnum = errno;
    ctd_error_errno(err, errnum, "make the directory %s", path);
    *path = '\0';
    return -1;
  }
  *slash = '/';
  return 0;
}

int ctd_wakeup_listen(struct ctd_wakeup *wakeup, struct ctd_error *err) {
  ctd_wakeup_close(wakeup);
  ctd_standard_fds_reserve();
  wakeup->address.sun_family = AF_UNIX;
  if (path_make(wakeup->address.sun_path, sizeof wakeup->address.sun_path, err))
    return -1;
  wakeup->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (wakeup->listener >= 0 &&
      !bind(wakeup->listener, (const struct sockaddr *)&wakeup->address, sizeof wakeup->address) &&
      !listen(wakeup->listener, 4))
    return 0;
  ctd_error_errno(err, errno, "listen at %s", wakeup->address.sun_path);
  ctd_wakeup_close(wakeup);
  return -1;
}

static bool peer_is_this_process(int fd) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) && peer.pid == getpid();
}

int ctd_wakeup_accept(struct ctd_wakeup *wakeup, struct ctd_error *err) {
  int fd;
  while ((fd = accept4(wakeup->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0 && !peer_is_this_process(fd))
    close(fd);
  listener_close(wakeup);
  if (fd < 0)
    return ctd_error_set(err, CTD_FAILED_PRECONDITION, "this process hasn't connected to where the hub listens");
  wakeup->fd = fd;
  return 0;
}

void ctd_wakeup_ring(const struct ctd_wakeup *wakeup) {
  int unread;
  if (wakeup->fd >= 0 && (ioctl(wakeup->fd, SIOCOUTQ, &unread) || !unread))
    send(wakeup->fd, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}
