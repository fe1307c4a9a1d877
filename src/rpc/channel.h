/* A connection to a containerd socket, shared by reference, and the target of a call on it. */
#ifndef CTD_RPC_CHANNEL_H
#define CTD_RPC_CHANNEL_H

#include "base/error.h"
#include <grpc/grpc.h>

/* Both ways, as containerd and its Go client have it; gRPC's own limit for answers is too small for long lists. */
#define CTD_MESSAGE_LIMIT (16 << 20)

struct ctd_channel;

/*
 * Opens a channel to a unix socket. The socket is tried first with a plain connect(2), so that a wrong address fails at
 * once with its own code: CTD_NO_SUCH_SOCKET, CTD_CONNECTION_REFUSED, CTD_PERMISSION_DENIED. The caller unrefs *out.
 */
int ctd_channel_open(struct ctd_channel **out, const char *path, struct ctd_error *err);

struct ctd_channel *ctd_channel_ref(struct ctd_channel *channel);
void ctd_channel_unref(struct ctd_channel *channel); /* NULL is fine; in a forked child it only leaks */

/* A new call; gRPC must be running. A daemon that was away and is back is found at once. Any thread. */
grpc_call *ctd_channel_call(struct ctd_channel *channel, const char *method, grpc_completion_queue *queue,
                            gpr_timespec deadline);

/* Where a call goes: a channel and the headers that containerd reads. All borrowed. */
struct ctd_target {
  struct ctd_channel *channel;
  const char *namespace; /* NULL: none, for services that have no namespaces */
  const char *lease;     /* NULL: none */
};

#endif
