/* The messages that tell the daemon where a transfer goes from and to. */
#ifndef CTD_CLIENT_TRANSFER_MESSAGE_H
#define CTD_CLIENT_TRANSFER_MESSAGE_H

#include "client/transfer.h"
#include "client/typed.h"

/*
 * The message of one end, whose stream (for credentials, or for an archive's bytes) has this id. CTD_UNIMPLEMENTED if
 * the client's daemon is too old for what is asked. The caller frees *out.
 */
int ctd_transfer_message(struct ctd_typed *out, struct ctd_client *client, const struct ctd_transfer_end *end,
                         bool is_source, const char *stream, struct ctd_scope *scope, struct ctd_error *err);

#endif
