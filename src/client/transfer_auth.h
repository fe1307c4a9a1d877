/* Answering the daemon when it asks for credentials. */
#ifndef CTD_CLIENT_TRANSFER_AUTH_H
#define CTD_CLIENT_TRANSFER_AUTH_H

#include "client/streaming.h"
#include "client/transfer.h"

/*
 * Answers until the stream ends: by the registry's credentials where it is the registry itself or its server that asks,
 * and not a mirror, and by none where there are none.
 */
int ctd_transfer_auth_answer(const struct ctd_transfer_registry *registry, struct ctd_client *client,
                             struct ctd_streaming *streaming, struct ctd_scope *scope, struct ctd_error *err);

#endif
