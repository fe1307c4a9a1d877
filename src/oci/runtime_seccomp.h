/*
 * The default profile of the system calls that a container may make, as containerd's Go client has it since 2.1.
 * https://github.com/opencontainers/runtime-spec/blob/v1.2.0/config-linux.md#seccomp
 */
#ifndef CTD_OCI_RUNTIME_SECCOMP_H
#define CTD_OCI_RUNTIME_SECCOMP_H

#include "base/error.h"

/*
 * The profile for the running kernel and for a process with these capabilities (an array of names as in the spec). The
 * caller owns *out.
 */
int ctd_runtime_seccomp_default(json_t **out, const json_t *bounding, struct ctd_error *err);

#endif
