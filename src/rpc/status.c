#include "rpc/status.h"
#include <grpc/support/time.h>
#include <stdio.h>
#include <string.h>

static const enum ctd_code status_codes[] = {
    [GRPC_STATUS_OK] = CTD_OK,
    [GRPC_STATUS_CANCELLED] = CTD_CANCELLED,
    [GRPC_STATUS_UNKNOWN] = CTD_UNKNOWN,
    [GRPC_STATUS_INVALID_ARGUMENT] = CTD_INVALID_ARGUMENT,
    [GRPC_STATUS_DEADLINE_EXCEEDED] = CTD_DEADLINE_EXCEEDED,
    [GRPC_STATUS_NOT_FOUND] = CTD_NOT_FOUND,
    [GRPC_STATUS_ALREADY_EXISTS] = CTD_ALREADY_EXISTS,
    [GRPC_STATUS_PERMISSION_DENIED] = CTD_PERMISSION_DENIED,
    [GRPC_STATUS_UNAUTHENTICATED] = CTD_UNAUTHENTICATED,
    [GRPC_STATUS_RESOURCE_EXHAUSTED] = CTD_RESOURCE_EXHAUSTED,
    [GRPC_STATUS_FAILED_PRECONDITION] = CTD_FAILED_PRECONDITION,
    [GRPC_STATUS_ABORTED] = CTD_ABORTED,
    [GRPC_STATUS_OUT_OF_RANGE] = CTD_OUT_OF_RANGE,
    [GRPC_STATUS_UNIMPLEMENTED] = CTD_UNIMPLEMENTED,
    [GRPC_STATUS_INTERNAL] = CTD_UNKNOWN,
    [GRPC_STATUS_UNAVAILABLE] = CTD_UNAVAILABLE,
    [GRPC_STATUS_DATA_LOSS] = CTD_DATA_LOSS,
};

void ctd_status_init(struct ctd_status *status) {
  grpc_metadata_array_init(&status->trailers);
  status->code = GRPC_STATUS_UNKNOWN;
  status->text = grpc_empty_slice();
}

void ctd_status_free(struct ctd_status *status) {
  grpc_metadata_array_destroy(&status->trailers);
  grpc_slice_unref(status->text);
}

/* Go's errors end in what they are, also where a part of the daemon answers without the status for them. */
static bool is_bad_filter(const char *text) {
  static const char end[] = ": invalid argument";
  size_t size = strlen(text);
  return strstr(text, "filters: parse error") && size >= sizeof end && !strcmp(text + size - (sizeof end - 1), end);
}

static enum ctd_code status_code(const struct ctd_status *status, const char *text) {
  if ((size_t)status->code >= sizeof status_codes / sizeof *status_codes)
    return CTD_UNKNOWN;
  /* At the deadline a part of the daemon may answer with the text of Go's error instead of the status for it. */
  if (status->code == GRPC_STATUS_UNKNOWN && strstr(text, "context deadline exceeded"))
    return CTD_DEADLINE_EXCEEDED;
  if (status->code == GRPC_STATUS_UNKNOWN && is_bad_filter(text))
    return CTD_INVALID_ARGUMENT;
  return status_codes[status->code];
}

int ctd_status_check(const struct ctd_status *status, struct ctd_error *err) {
  char text[sizeof err->message];
  if (status->code == GRPC_STATUS_OK)
    return 0;
  snprintf(text, sizeof text, "%.*s", (int)GRPC_SLICE_LENGTH(status->text),
           (const char *)GRPC_SLICE_START_PTR(status->text));
  if (!*text)
    snprintf(text, sizeof text, "gRPC status %d", status->code);
  ctd_error_set(err, status_code(status, text), "%s", text);
  err->status = (int)status->code;
  return -1;
}

static grpc_metadata header(const char *key, const char *value) {
  grpc_metadata entry;
  memset(&entry, 0, sizeof entry);
  entry.key = grpc_slice_from_static_string(key);
  entry.value = grpc_slice_from_copied_string(value);
  return entry;
}

size_t ctd_target_headers(const struct ctd_target *target, grpc_metadata headers[2]) {
  size_t count = 0;
  if (target->namespace)
    headers[count++] = header("containerd-namespace", target->namespace);
  if (target->lease)
    headers[count++] = header("containerd-lease", target->lease);
  return count;
}

gpr_timespec ctd_deadline_in(double seconds) {
  if (isinf(seconds) || seconds > 1e9)
    return gpr_inf_future(GPR_CLOCK_MONOTONIC);
  gpr_timespec span = gpr_time_from_micros((int64_t)(seconds * 1e6), GPR_TIMESPAN);
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), span);
}

grpc_call *ctd_target_call(const struct ctd_target *target, const char *method, grpc_completion_queue *queue,
                           const struct ctd_scope *scope) {
  gpr_timespec deadline = ctd_deadline_in(scope->deadline - ctd_now_monotonic());
  return ctd_channel_call(target->channel, method, queue, deadline);
}
