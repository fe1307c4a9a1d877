/* Looking into the file system of a snapshot from this process, without leaving a mount behind when it's killed. */
#ifndef CTD_CLIENT_MOUNT_H
#define CTD_CLIENT_MOUNT_H

#include "client/snapshot.h"
#include "oci/rootfs.h"

struct ctd_mount_view {
  struct ctd_rootfs root; /* valid until the view is closed */
  char **layers;          /* owned */
  int mount;              /* a mount that nothing but this file descriptor refers to; −1: there's none */
};

/*
 * Makes a snapshot's mounts readable. The directories of bind and overlay mounts are read where they are. Another file
 * system is mounted read-only, and detached: it has no path and goes with its file descriptor
 * (https://man7.org/linux/man-pages/man2/fsmount.2.html). More than one mount is CTD_UNIMPLEMENTED. The snapshot's
 * directories must be seen under the same paths by the daemon and this process. The caller closes *out.
 */
int ctd_mount_view_open(struct ctd_mount_view *out, const struct ctd_mounts *mounts, struct ctd_error *err);

void ctd_mount_view_close(struct ctd_mount_view *view);

#endif
