/* The owners of files. */
#ifndef CTD_CLIENT_OWNERS_H
#define CTD_CLIENT_OWNERS_H

#include "base/clock.h"

/*
 * Gives the directory `root` and all below it to the ids that their owners' are outside of a user namespace (see
 * oci/id_maps.h). Modes stay, setuid and setgid bits too; symbolic links aren't followed.
 */
int ctd_owners_change(const char *root, const json_t *uid_maps, const json_t *gid_maps, struct ctd_scope *scope,
                      struct ctd_error *err);

#endif
