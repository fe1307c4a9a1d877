/*
 * The wake-up socket: how a host hears of the hub's news that can't watch a foreign descriptor, but can connect a
 * socket of its own. It listens in a private directory only until the host has connected.
 */
#ifndef CTD_LUA_WAKEUP_H
#define CTD_LUA_WAKEUP_H

#include "base/error.h"
#include <sys/un.h>

struct ctd_wakeup {
  struct sockaddr_un address; /* its path's directory is ours alone */
  int listener;               /* −1: nothing listens, and the path is gone */
  int fd;                     /* our end; −1: not connected */
};

#define CTD_WAKEUP_NONE ((struct ctd_wakeup){.listener = -1, .fd = -1})

/* Listens at a new path, below $TMPDIR or /tmp; what there was before is closed. */
int ctd_wakeup_listen(struct ctd_wakeup *wakeup, struct ctd_error *err);

/*
 * Takes the connection that this process has made, and removes the path. Others' are closed, as their SO_PEERCRED tells
 * (unix(7)). CTD_FAILED_PRECONDITION if there is none, or nothing listens.
 */
int ctd_wakeup_accept(struct ctd_wakeup *wakeup, struct ctd_error *err);

/* Sends a byte, unless there is one that the host hasn't read yet; it never blocks. Not connected: nothing. */
void ctd_wakeup_ring(const struct ctd_wakeup *wakeup);

/* Closes what is open and removes what is there: the host reads the end. */
void ctd_wakeup_close(struct ctd_wakeup *wakeup);

#endif
