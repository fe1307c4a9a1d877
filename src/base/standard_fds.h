/* The file descriptors 0, 1 and 2. */
#ifndef CTD_BASE_STANDARD_FDS_H
#define CTD_BASE_STANDARD_FDS_H

/*
 * Opens those that are closed on /dev/null. It comes before whatever else is opened for long: that must not become what
 * a program takes for its standard streams.
 */
void ctd_standard_fds_reserve(void);

#endif
