/* gRPC status numbers (https://grpc.io/docs/guides/status-codes/) and the headers of a call, shared by call and stream.
 */
#ifndef CTD_RPC_STATUS_H
#define CTD_RPC_STATUS_H

#include "base/clock.h"
#include "rpc/channel.h"

/* How a call ended; gRPC fills in the three members with GRPC_OP_RECV_STATUS_ON_CLIENT. */
struct ctd_status {
  grpc_metadata_array trailers;
  grpc_status_code code;
  grpc_slice text;
};

void ctd_status_init(struct ctd_status *status);
void ctd_status_free(struct ctd_status *status);

/* 0 for OK; else −1 with the code that fits and the server's text. */
int ctd_status_check(const struct ctd_status *status, struct ctd_error *err);

/* The call's headers for a target: containerd-namespace and containerd-lease. Valid while the target's strings are. */
size_t ctd_target_headers(const struct ctd_target *target, grpc_metadata headers[2]);

/* A new call on the target's channel that ends at the scope's deadline; gRPC must be running. */
grpc_call *ctd_target_call(const struct ctd_target *target, const char *method, grpc_completion_queue *queue,
                           const struct ctd_scope *scope);

/* `seconds` from now as gRPC's deadline. */
gpr_timespec ctd_deadline_in(double seconds);

#endif
