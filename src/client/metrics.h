/* What a task uses: one shape for both versions of cgroups. */
#ifndef CTD_CLIENT_METRICS_H
#define CTD_CLIENT_METRICS_H

#include "client/process.h"
#include "client/typed.h"

struct Google__Protobuf__Any;

#ifdef __cplusplus
extern "C" {
#endif

/* Sizes in bytes, times in seconds. 0 of a limit: there's none; of `max_usage`: the daemon doesn't tell. */
struct ctd_metrics {
  int cgroup; /* 1 or 2 */
  double timestamp;
  struct {
    uint64_t usage, limit, max_usage, anon, file, inactive_file, swap, oom_kills;
  } memory;
  struct {
    double usage, user, system, throttled;
    uint64_t periods, throttled_periods;
  } cpu;
  struct {
    uint64_t current, limit;
  } pids;
  struct {
    uint64_t read_bytes, write_bytes;
  } io;
  struct ctd_typed raw; /* the message that the daemon sent: io.containerd.cgroups.v1.Metrics or …v2.Metrics */
};

/* For the files of this floor: what a message says. CTD_UNIMPLEMENTED: of another type; CTD_DATA_LOSS. The caller frees
 * *out, also on failure. */
int ctd_metrics_read(struct ctd_metrics *out, const struct Google__Protobuf__Any *message, struct ctd_error *err);

/*
 * Of a running task; CTD_NOT_FOUND if it's none; CTD_UNIMPLEMENTED: the metrics are of another kind (of a virtual
 * machine, say). One RPC. The caller frees *out.
 */
int ctd_metrics_get(struct ctd_process *task, struct ctd_scope *scope, struct ctd_metrics *out, struct ctd_error *err);
void ctd_metrics_free(struct ctd_metrics *metrics);

#ifdef __cplusplus
}
#endif

#endif
