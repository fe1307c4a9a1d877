/* How a call ended: gRPC's status numbers (https://grpc.io/docs/guides/status-codes/) and what they are here. */
#ifndef CTD_RPC_STATUS_H
#define CTD_RPC_STATUS_H

#include "base/error.h"

enum ctd_status_code {
  CTD_STATUS_OK = 0,
  CTD_STATUS_CANCELLED = 1,
  CTD_STATUS_UNKNOWN = 2,
  CTD_STATUS_INVALID_ARGUMENT = 3,
  CTD_STATUS_DEADLINE_EXCEEDED = 4,
  CTD_STATUS_NOT_FOUND = 5,
  CTD_STATUS_ALREADY_EXISTS = 6,
  CTD_STATUS_PERMISSION_DENIED = 7,
  CTD_STATUS_RESOURCE_EXHAUSTED = 8,
  CTD_STATUS_FAILED_PRECONDITION = 9,
  CTD_STATUS_ABORTED = 10,
  CTD_STATUS_OUT_OF_RANGE = 11,
  CTD_STATUS_UNIMPLEMENTED = 12,
  CTD_STATUS_INTERNAL = 13,
  CTD_STATUS_UNAVAILABLE = 14,
  CTD_STATUS_DATA_LOSS = 15,
  CTD_STATUS_UNAUTHENTICATED = 16,
};

/* 0 for OK; else −1 with the code that fits and the text, which may be empty. */
int ctd_status_check(unsigned code, const char *text, struct ctd_error *err);

/* What a call's end means that came without a status: an answer of HTTP, and a stream that was reset (RFC 9113, 7). */
unsigned ctd_status_of_http(unsigned http);
unsigned ctd_status_of_reset(unsigned reason);

#endif
