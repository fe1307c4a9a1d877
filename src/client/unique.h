/* Names that nobody else has, in the form that containerd's clients give to leases and to snapshots in the making. */
#ifndef CTD_CLIENT_UNIQUE_H
#define CTD_CLIENT_UNIQUE_H

#define CTD_UNIQUE_SIZE 32 /* with the NUL */

/* "<nanoseconds of the second>-<four characters of base64url>" */
void ctd_unique(char out[CTD_UNIQUE_SIZE]);

#endif
