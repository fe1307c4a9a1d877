/* The user of a container's process: names and groups looked up in the container's own passwd and group files. */
#ifndef CTD_OCI_USER_H
#define CTD_OCI_USER_H

#include "oci/rootfs.h"
#include <stdint.h>

struct ctd_user {
  uint32_t uid, gid;
  uint32_t *groups; /* owned; supplementary group ids with the primary one among them */
  size_t group_count;
};

/* The texts of /etc/passwd and /etc/group; NULL where there is no such file. Borrowed. */
struct ctd_accounts {
  const char *passwd, *group;
  size_t passwd_size, group_size;
};

/*
 * Resolves "user", "uid", "user:group", "uid:gid", "user:gid" or "uid:group"; NULL and "" are root as an image without
 * a user means it. Numbers run to 2^31−1; a number alone that passwd doesn't know has group 0, a pair of numbers is
 * taken as it is. Then the groups of which passwd's name for the uid is a member, but for one of the same name.
 * CTD_NOT_FOUND: no such user or group; CTD_INVALID_ARGUMENT: another form. The caller frees *out.
 */
int ctd_user_resolve(struct ctd_user *out, const char *user, const struct ctd_accounts *accounts,
                     struct ctd_error *err);

/* The same with the files read from the root file system, at most 10 MiB each. */
int ctd_user_lookup(struct ctd_user *out, const char *user, const struct ctd_rootfs *root, struct ctd_error *err);

/*
 * Adds further groups: an array of names, which are looked up in the root file system's group file, and of numbers or
 * strings of digits, which aren't. Errors name "additional_groups", and codes are as above.
 */
int ctd_user_lookup_groups(struct ctd_user *user, const json_t *groups, const struct ctd_rootfs *root,
                           struct ctd_error *err);

/* Frees what the struct owns and zeroes it; a zeroed one is fine. */
void ctd_user_free(struct ctd_user *user);

#endif
