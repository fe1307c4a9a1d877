/* The way to a containerd socket, shared by reference, and the target of a call on it. */
#ifndef CTD_RPC_CHANNEL_H
#define CTD_RPC_CHANNEL_H

#include "base/error.h"

struct ctd_channel;
struct ctd_connection;

/* Connects to a unix socket. A wrong address has its own code: see ctd_connection_open. The caller unrefs *out. */
int ctd_channel_open(struct ctd_channel **out, const char *path, struct ctd_error *err);

struct ctd_channel *ctd_channel_ref(struct ctd_channel *channel);
void ctd_channel_unref(struct ctd_channel *channel); /* NULL is fine; in a forked child it only leaks */

/*
 * The channel's connection, in *connection, which the caller unrefs; made anew if it's the one that is there already:
 * the caller has found that to be of no use. CTD_UNAVAILABLE where the daemon can't be reached. Any thread.
 */
int ctd_channel_connection(struct ctd_channel *channel, struct ctd_connection **connection, struct ctd_error *err);

/* Where a call goes: a channel and the headers that containerd reads. All borrowed. */
struct ctd_target {
  struct ctd_channel *channel;
  const char *namespace; /* NULL: none, for services that have no namespaces */
  const char *lease;     /* NULL: none */
};

#endif
