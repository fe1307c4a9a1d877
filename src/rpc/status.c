#include "rpc/status.h"
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <string.h>

static const enum ctd_code status_codes[] = {
    [CTD_STATUS_OK] = CTD_OK,
    [CTD_STATUS_CANCELLED] = CTD_CANCELLED,
    [CTD_STATUS_UNKNOWN] = CTD_UNKNOWN,
    [CTD_STATUS_INVALID_ARGUMENT] = CTD_INVALID_ARGUMENT,
    [CTD_STATUS_DEADLINE_EXCEEDED] = CTD_DEADLINE_EXCEEDED,
    [CTD_STATUS_NOT_FOUND] = CTD_NOT_FOUND,
    [CTD_STATUS_ALREADY_EXISTS] = CTD_ALREADY_EXISTS,
    [CTD_STATUS_PERMISSION_DENIED] = CTD_PERMISSION_DENIED,
    [CTD_STATUS_RESOURCE_EXHAUSTED] = CTD_RESOURCE_EXHAUSTED,
    [CTD_STATUS_FAILED_PRECONDITION] = CTD_FAILED_PRECONDITION,
    [CTD_STATUS_ABORTED] = CTD_ABORTED,
    [CTD_STATUS_OUT_OF_RANGE] = CTD_OUT_OF_RANGE,
    [CTD_STATUS_UNIMPLEMENTED] = CTD_UNIMPLEMENTED,
    [CTD_STATUS_INTERNAL] = CTD_UNKNOWN,
    [CTD_STATUS_UNAVAILABLE] = CTD_UNAVAILABLE,
    [CTD_STATUS_DATA_LOSS] = CTD_DATA_LOSS,
    [CTD_STATUS_UNAUTHENTICATED] = CTD_UNAUTHENTICATED,
};

/* Go's errors end in what they are, also where a part of the daemon answers without the status for them. */
static bool is_bad_filter(const char *text) {
  static const char end[] = ": invalid argument";
  size_t size = strlen(text);
  return strstr(text, "filters: parse error") && size >= sizeof end && !strcmp(text + size - (sizeof end - 1), end);
}

static enum ctd_code status_code(unsigned code, const char *text) {
  if (code >= sizeof status_codes / sizeof *status_codes)
    return CTD_UNKNOWN;
  /* At the deadline a part of the daemon may answer with the text of Go's error instead of the status for it. */
  if (code == CTD_STATUS_UNKNOWN && strstr(text, "context deadline exceeded"))
    return CTD_DEADLINE_EXCEEDED;
  /* There is no status of its own for a full disk. */
  if (code == CTD_STATUS_UNKNOWN && strstr(text, "no space left on device"))
    return CTD_RESOURCE_EXHAUSTED;
  if (code == CTD_STATUS_UNKNOWN && is_bad_filter(text))
    return CTD_INVALID_ARGUMENT;
  return status_codes[code];
}

int ctd_status_check(unsigned code, const char *text, struct ctd_error *err) {
  char number[32];
  if (code == CTD_STATUS_OK)
    return 0;
  snprintf(number, sizeof number, "gRPC status %u", code);
  ctd_error_set(err, status_code(code, text), "%s", *text ? text : number);
  err->status = (int)code;
  return -1;
}

unsigned ctd_status_of_http(unsigned http) {
  switch (http) {
  case 400:
    return CTD_STATUS_INTERNAL;
  case 401:
    return CTD_STATUS_UNAUTHENTICATED;
  case 403:
    return CTD_STATUS_PERMISSION_DENIED;
  case 404:
    return CTD_STATUS_UNIMPLEMENTED;
  case 429:
  case 502:
  case 503:
  case 504:
    return CTD_STATUS_UNAVAILABLE;
  default:
    return CTD_STATUS_UNKNOWN;
  }
}

unsigned ctd_status_of_reset(unsigned reason) {
  switch (reason) {
  case NGHTTP2_REFUSED_STREAM:
    return CTD_STATUS_UNAVAILABLE;
  case NGHTTP2_CANCEL:
    return CTD_STATUS_CANCELLED;
  case NGHTTP2_ENHANCE_YOUR_CALM:
    return CTD_STATUS_RESOURCE_EXHAUSTED;
  case NGHTTP2_INADEQUATE_SECURITY:
    return CTD_STATUS_PERMISSION_DENIED;
  default:
    return CTD_STATUS_INTERNAL;
  }
}
