#include "client/metrics.h"
#include "base/buffer.h"
#include "client/any.h"
#include "metrics_v1.pb-c.h"
#include "metrics_v2.pb-c.h"
#include "rpc/call.h"
#include "tasks.pb-c.h"
#include <stdlib.h>
#include <string.h>

/* From here on a number means that there is no limit: version 1 of cgroups rounds the largest one to pages. */
#define UNLIMITED ((uint64_t)1 << 62)

typedef Containerd__Services__Tasks__V1__MetricsRequest MetricsRequest;
typedef Containerd__Services__Tasks__V1__MetricsResponse MetricsResponse;
typedef Io__Containerd__Cgroups__V1__Metrics MetricsV1;
typedef Io__Containerd__Cgroups__V2__Metrics MetricsV2;

static uint64_t limit_of(uint64_t value) {
  return value < UNLIMITED ? value : 0;
}

static void fill_memory_v1(struct ctd_metrics *out, const MetricsV1 *message) {
  const Io__Containerd__Cgroups__V1__MemoryStat *memory = message->memory;
  if (message->memory_oom_control)
    out->memory.oom_kills = message->memory_oom_control->oom_kill;
  if (!memory)
    return;
  out->memory.anon = memory->total_rss;
  out->memory.file = memory->total_cache;
  out->memory.inactive_file = memory->total_inactive_file;
  if (!memory->usage)
    return;
  out->memory.usage = memory->usage->usage;
  out->memory.limit = limit_of(memory->usage->limit);
  out->memory.max_usage = memory->usage->max;
  if (memory->swap && memory->swap->usage > memory->usage->usage) /* it counts both */
    out->memory.swap = memory->swap->usage - memory->usage->usage;
}

static void fill_io_v1(struct ctd_metrics *out, const Io__Containerd__Cgroups__V1__BlkIOStat *io) {
  for (size_t i = 0; io && i < io->n_io_service_bytes_recursive; i++) {
    const Io__Containerd__Cgroups__V1__BlkIOEntry *entry = io->io_service_bytes_recursive[i];
    if (!strcmp(entry->op, "Read"))
      out->io.read_bytes += entry->value;
    else if (!strcmp(entry->op, "Write"))
      out->io.write_bytes += entry->value;
  }
}

static void fill_v1(struct ctd_metrics *out, const MetricsV1 *message) {
  const Io__Containerd__Cgroups__V1__CPUStat *cpu = message->cpu;
  out->cgroup = 1;
  fill_memory_v1(out, message);
  fill_io_v1(out, message->blkio);
  if (cpu && cpu->usage) {
    out->cpu.usage = (double)cpu->usage->total / 1e9;
    out->cpu.user = (double)cpu->usage->user / 1e9;
    out->cpu.system = (double)cpu->usage->kernel / 1e9;
  }
  if (cpu && cpu->throttling) {
    out->cpu.throttled = (double)cpu->throttling->throttled_time / 1e9;
    out->cpu.periods = cpu->throttling->periods;
    out->cpu.throttled_periods = cpu->throttling->throttled_periods;
  }
  if (message->pids) {
    out->pids.current = message->pids->current;
    out->pids.limit = limit_of(message->pids->limit);
  }
}

static void fill_memory_v2(struct ctd_metrics *out, const MetricsV2 *message) {
  const Io__Containerd__Cgroups__V2__MemoryStat *memory = message->memory;
  if (message->memory_events)
    out->memory.oom_kills = message->memory_events->oom_kill;
  if (!memory)
    return;
  out->memory.usage = memory->usage;
  out->memory.limit = limit_of(memory->usage_limit);
  out->memory.max_usage = memory->max_usage;
  out->memory.anon = memory->anon;
  out->memory.file = memory->file;
  out->memory.inactive_file = memory->inactive_file;
  out->memory.swap = memory->swap_usage;
}

static void fill_v2(struct ctd_metrics *out, const MetricsV2 *message) {
  const Io__Containerd__Cgroups__V2__CPUStat *cpu = message->cpu;
  out->cgroup = 2;
  fill_memory_v2(out, message);
  for (size_t i = 0; message->io && i < message->io->n_usage; i++) {
    out->io.read_bytes += message->io->usage[i]->rbytes;
    out->io.write_bytes += message->io->usage[i]->wbytes;
  }
  if (cpu) {
    out->cpu.usage = (double)cpu->usage_usec / 1e6;
    out->cpu.user = (double)cpu->user_usec / 1e6;
    out->cpu.system = (double)cpu->system_usec / 1e6;
    out->cpu.throttled = (double)cpu->throttled_usec / 1e6;
    out->cpu.periods = cpu->nr_periods;
    out->cpu.throttled_periods = cpu->nr_throttled;
  }
  if (message->pids) {
    out->pids.current = message->pids->current;
    out->pids.limit = limit_of(message->pids->limit);
  }
}

static int undecodable(struct ctd_error *err) {
  return ctd_error_set(err, CTD_DATA_LOSS, "the metrics can't be decoded");
}

static int decode(struct ctd_metrics *out, struct ctd_error *err) {
  if (!strcmp(out->type_url, "io.containerd.cgroups.v1.Metrics")) {
    MetricsV1 *message = io__containerd__cgroups__v1__metrics__unpack(NULL, out->size, out->value);
    if (!message)
      return undecodable(err);
    fill_v1(out, message);
    io__containerd__cgroups__v1__metrics__free_unpacked(message, NULL);
    return 0;
  }
  if (!strcmp(out->type_url, "io.containerd.cgroups.v2.Metrics")) {
    MetricsV2 *message = io__containerd__cgroups__v2__metrics__unpack(NULL, out->size, out->value);
    if (!message)
      return undecodable(err);
    fill_v2(out, message);
    io__containerd__cgroups__v2__metrics__free_unpacked(message, NULL);
    return 0;
  }
  return ctd_error_set(err, CTD_UNIMPLEMENTED, "metrics of type %s", out->type_url);
}

static int read_metric(const MetricsResponse *reply, struct ctd_metrics *out, struct ctd_error *err) {
  if (!reply->n_metrics || !reply->metrics[0]->data)
    return ctd_error_set(err, CTD_NOT_FOUND, "the daemon has none: the task doesn't run");
  const Google__Protobuf__Any *data = reply->metrics[0]->data;
  out->timestamp = ctd_timestamp_seconds(reply->metrics[0]->timestamp);
  out->size = data->value.len;
  out->value = malloc(out->size + 1);
  if (!out->value)
    return ctd_error_nomem(err);
  if (out->size)
    memcpy(out->value, data->value.data, out->size);
  return ctd_copy_string(&out->type_url, data->type_url, err) || decode(out, err) ? -1 : 0;
}

static int request_metrics(struct ctd_process *task, char *filter, struct ctd_scope *scope, struct ctd_metrics *out,
                           struct ctd_error *err) {
  MetricsRequest request = CONTAINERD__SERVICES__TASKS__V1__METRICS_REQUEST__INIT;
  MetricsResponse *reply;
  request.filters = &filter;
  request.n_filters = 1;
  int result = ctd_call(ctd_client_target(ctd_process_client(task)), "/containerd.services.tasks.v1.Tasks/Metrics",
                        &request.base, &containerd__services__tasks__v1__metrics_response__descriptor,
                        (ProtobufCMessage **)&reply, scope, err);
  if (result)
    return result;
  result = read_metric(reply, out, err);
  protobuf_c_message_free_unpacked(&reply->base, NULL);
  if (result)
    ctd_metrics_free(out);
  return result;
}

int ctd_metrics_get(struct ctd_process *task, struct ctd_scope *scope, struct ctd_metrics *out, struct ctd_error *err) {
  char *filter = ctd_format(err, "id==%s", ctd_process_id(task));
  int result = filter ? request_metrics(task, filter, scope, out, err) : -1;
  free(filter);
  return result < 0 ? ctd_process_failed(task, err, "metrics") : result;
}

void ctd_metrics_free(struct ctd_metrics *metrics) {
  free(metrics->type_url);
  free(metrics->value);
  *metrics = (struct ctd_metrics){0};
}
