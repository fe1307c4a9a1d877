#include "base/error.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const code_names[CTD_CODE_COUNT] = {
    [CTD_OK] = "ok",
    [CTD_NOT_FOUND] = "not_found",
    [CTD_ALREADY_EXISTS] = "already_exists",
    [CTD_INVALID_ARGUMENT] = "invalid_argument",
    [CTD_FAILED_PRECONDITION] = "failed_precondition",
    [CTD_UNAVAILABLE] = "unavailable",
    [CTD_PERMISSION_DENIED] = "permission_denied",
    [CTD_UNAUTHENTICATED] = "unauthenticated",
    [CTD_DEADLINE_EXCEEDED] = "deadline_exceeded",
    [CTD_CANCELLED] = "cancelled",
    [CTD_RESOURCE_EXHAUSTED] = "resource_exhausted",
    [CTD_UNIMPLEMENTED] = "unimplemented",
    [CTD_ABORTED] = "aborted",
    [CTD_OUT_OF_RANGE] = "out_of_range",
    [CTD_DATA_LOSS] = "data_loss",
    [CTD_CONNECTION_REFUSED] = "connection_refused",
    [CTD_NO_SUCH_SOCKET] = "no_such_socket",
    [CTD_DIGEST_MISMATCH] = "digest_mismatch",
    [CTD_UNSUPPORTED_PLATFORM] = "unsupported_platform",
    [CTD_UNKNOWN] = "unknown",
};

const char *ctd_code_name(enum ctd_code code) {
  return (unsigned)code < CTD_CODE_COUNT ? code_names[code] : "unknown";
}

static void one_line(char *text) {
  for (; *text; text++)
    if (*text == '\n' || *text == '\r')
      *text = ' ';
}

/* The arguments may point into err->message, so the text is made beside it. */
static void message_format(struct ctd_error *err, const char *format, va_list args) {
  char text[sizeof err->message];
  vsnprintf(text, sizeof text, format, args);
  one_line(text);
  memcpy(err->message, text, sizeof text);
}

int ctd_error_set(struct ctd_error *err, enum ctd_code code, const char *format, ...) {
  va_list args;
  va_start(args, format);
  message_format(err, format, args);
  va_end(args);
  json_decref(err->details);
  err->details = NULL;
  err->status = 0;
  err->code = code;
  return -1;
}

static enum ctd_code errno_code(int errnum) {
  switch (errnum) {
  case ENOENT:
    return CTD_NOT_FOUND;
  case EEXIST:
    return CTD_ALREADY_EXISTS;
  case EACCES:
  case EPERM:
    return CTD_PERMISSION_DENIED;
  case EINVAL:
  case ENAMETOOLONG:
    return CTD_INVALID_ARGUMENT;
  case ENOMEM:
  case ENOSPC:
  case EDQUOT:
  case EMFILE:
  case ENFILE:
  case EAGAIN:
    return CTD_RESOURCE_EXHAUSTED;
  case EBUSY:
    return CTD_FAILED_PRECONDITION;
  case ECONNREFUSED:
    return CTD_CONNECTION_REFUSED;
  case ETIMEDOUT:
    return CTD_DEADLINE_EXCEEDED;
  default:
    return CTD_UNKNOWN;
  }
}

int ctd_error_errno(struct ctd_error *err, int errnum, const char *format, ...) {
  char reason[128];
  va_list args;
  ctd_error_set(err, errno_code(errnum), "%s", "");
  va_start(args, format);
  message_format(err, format, args);
  va_end(args);
  size_t used = strlen(err->message);
  snprintf(err->message + used, sizeof err->message - used, ": %s", strerror_r(errnum, reason, sizeof reason));
  return -1;
}

int ctd_error_nomem(struct ctd_error *err) {
  return ctd_error_set(err, CTD_RESOURCE_EXHAUSTED, "out of memory");
}

int ctd_error_prefix(struct ctd_error *err, const char *format, ...) {
  char cause[sizeof err->message];
  va_list args;
  memcpy(cause, err->message, sizeof cause);
  va_start(args, format);
  message_format(err, format, args);
  va_end(args);
  size_t used = strlen(err->message);
  snprintf(err->message + used, sizeof err->message - used, ": %s", cause);
  return -1;
}

void ctd_error_move(struct ctd_error *to, struct ctd_error *from) {
  ctd_error_clear(to);
  *to = *from;
  memset(from, 0, sizeof *from);
}

void ctd_error_clear(struct ctd_error *err) {
  json_decref(err->details);
  memset(err, 0, sizeof *err);
}
