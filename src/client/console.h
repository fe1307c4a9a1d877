/*
 * The terminal of this process while it serves the terminal of a process in a container: raw, and its size followed.
 * What it was before comes back when the console is closed, and also when this process exits or dies of SIGHUP, SIGINT,
 * SIGQUIT or SIGTERM; signals for which the host has a handler are the host's.
 */
#ifndef CTD_CLIENT_CONSOLE_H
#define CTD_CLIENT_CONSOLE_H

#include "client/client.h"

struct ctd_console;

/*
 * Makes the terminal raw, unless another job is in its foreground, and gives its size to the process (`exec_id` "": the
 * task), now and whenever it changes. One process at a time: *out is NULL, without an error, while another has one.
 * `tty` is borrowed. The caller closes *out.
 */
int ctd_console_open(struct ctd_console **out, int tty, struct ctd_client *client, const char *id, const char *exec_id,
                     struct ctd_error *err);

/* Gives the size anew. NULL is fine. */
void ctd_console_resize(struct ctd_console *console);

/* Restores the terminal and frees. NULL is fine; in a forked child nothing is done. Not on the thread that follows. */
void ctd_console_close(struct ctd_console *console);

#endif
