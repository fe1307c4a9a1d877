/* The pump: one thread of the process that completes the calls which nobody waits for. */
#ifndef CTD_RPC_PUMP_H
#define CTD_RPC_PUMP_H

#include "base/error.h"
#include <grpc/grpc.h>

/* What a batch on the pump's queue has as its tag. */
struct ctd_pump_tag {
  void (*complete)(struct ctd_pump_tag *tag); /* on the pump thread */
};

/* The pump's queue; the thread starts with its first use and lives as long as the process. */
int ctd_pump_queue(grpc_completion_queue **out, struct ctd_error *err);

#endif
