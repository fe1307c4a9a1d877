/* Mounting a snapshot on a directory of this process's mount namespace, and taking it away. */
#ifndef CTD_CLIENT_MOUNT_ATTACH_H
#define CTD_CLIENT_MOUNT_ATTACH_H

#include "client/snapshot.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Mounts on the directory `path`; nothing is mounted after a failure. More than one mount is CTD_UNIMPLEMENTED. An
 * overlay's options may be longer than the page that the kernel takes
 * (https://man7.org/linux/man-pages/man2/mount.2.html), as long as they aren't when its lower directories are named
 * from where they all are. The snapshot's directories must be seen under the same paths by the daemon and this process.
 */
int ctd_mount_attach(const struct ctd_mounts *mounts, const char *path, struct ctd_error *err);

/*
 * Takes away what this process has mounted on `path`. CTD_FAILED_PRECONDITION if that is something else, or nothing, or
 * if it's in use.
 */
int ctd_mount_detach(const char *path, struct ctd_error *err);

/*
 * Calls `work` with the directory where the mounts are to be seen, on a thread of its own that alone sees them: they go
 * with it, also when the process is killed. `work` leaves no file open.
 */
int ctd_mount_apart(const struct ctd_mounts *mounts,
                    int (*work)(void *context, const char *root, struct ctd_error *err), void *context,
                    struct ctd_error *err);

#ifdef __cplusplus
}
#endif

#endif
