/* Reading files of a container's root file system from outside, without mounting it or trusting what is in it. */
#ifndef CTD_OCI_ROOTFS_H
#define CTD_OCI_ROOTFS_H

#include "base/buffer.h"

/*
 * A root file system: one directory, or several stacked as overlayfs stacks them, the topmost first (so an upper
 * directory stands before the lower ones). Borrowed.
 */
struct ctd_rootfs {
  const char *const *layers;
  size_t count;
  bool userxattr; /* as the mount option: marks are user.overlay.*, not trusted.overlay.* */
};

/*
 * Appends the file at `path` (absolute inside the root) to the buffer. Symlinks are followed inside the root, across
 * layers too, and never lead out of it; whiteouts and opaque directories hide what they hide in overlayfs
 * (https://docs.kernel.org/filesystems/overlayfs.html). Only a regular file is ever opened, so that a FIFO or a device
 * does nothing. CTD_NOT_FOUND: there is none, or a directory; CTD_INVALID_ARGUMENT: not a regular file, or symlinks in
 * a circle; CTD_OUT_OF_RANGE: more than `limit` bytes; CTD_FAILED_PRECONDITION: a layer's directory isn't there;
 * CTD_UNIMPLEMENTED: an entry uses overlayfs's redirects, which only the kernel follows. Needs /proc. The marks of
 * opaque directories (trusted.*) are seen by privileged processes alone.
 */
int ctd_rootfs_read(const struct ctd_rootfs *root, const char *path, size_t limit, struct ctd_buffer *out,
                    struct ctd_error *err);

#endif
