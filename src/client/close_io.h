/* Tasks/CloseIO: what tells the shim that no more input comes for a task (`exec_id` "") or another process. */
#ifndef CTD_CLIENT_CLOSE_IO_H
#define CTD_CLIENT_CLOSE_IO_H

#include "client/client.h"

int ctd_close_io(struct ctd_client *client, const char *id, const char *exec_id, struct ctd_scope *scope,
                 struct ctd_error *err);

/* A CloseIO made ready, to be sent from a thread that must not wait. It keeps its client. */
struct ctd_close_io;

int ctd_close_io_new(struct ctd_close_io **out, struct ctd_client *client, const char *id, const char *exec_id,
                     struct ctd_error *err);

/* Sends it, once, and doesn't wait for the answer: a task that has none to close is gone. `close_io` is the struct. */
void ctd_close_io_send(void *close_io);

/* NULL is fine. One that is under way ends by itself. */
void ctd_close_io_unref(struct ctd_close_io *close_io);

#endif
