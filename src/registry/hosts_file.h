/* The file hosts.toml (https://github.com/containerd/containerd/blob/main/docs/hosts.md). */
#ifndef CTD_REGISTRY_HOSTS_FILE_H
#define CTD_REGISTRY_HOSTS_FILE_H

#include "registry/hosts.h"

/*
 * Reads <directory>/hosts.toml: its [host] tables in their order, and last the registry itself, whose `base` is NULL if
 * the file names no `server`. Paths in it are relative to `directory`. No such file is CTD_NOT_FOUND; a fault in it is
 * CTD_INVALID_ARGUMENT and names the file. The caller frees *out.
 */
int ctd_hosts_file_read(struct ctd_hosts *out, const char *directory, struct ctd_error *err);

#endif
