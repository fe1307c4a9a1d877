/*
 * The error that every fallible function of the core fills in.
 *
 * A fallible function is `int f(…, struct ctd_error *err)`: it returns 0, or −1 with *err set. The caller owns the
 * struct (zeroed: `struct ctd_error err = {0}`) and clears it. The text is held inline, so that reporting an error
 * never fails, not even for want of memory.
 */
#ifndef CTD_BASE_ERROR_H
#define CTD_BASE_ERROR_H

#include <jansson.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

enum ctd_code {
  CTD_OK,
  CTD_NOT_FOUND,
  CTD_ALREADY_EXISTS,
  CTD_INVALID_ARGUMENT,
  CTD_FAILED_PRECONDITION,
  CTD_UNAVAILABLE,
  CTD_PERMISSION_DENIED,
  CTD_UNAUTHENTICATED,
  CTD_DEADLINE_EXCEEDED,
  CTD_CANCELLED,
  CTD_RESOURCE_EXHAUSTED,
  CTD_UNIMPLEMENTED,
  CTD_ABORTED,
  CTD_OUT_OF_RANGE,
  CTD_DATA_LOSS,
  CTD_CONNECTION_REFUSED,
  CTD_NO_SUCH_SOCKET,
  CTD_DIGEST_MISMATCH,
  CTD_UNSUPPORTED_PLATFORM,
  CTD_UNKNOWN,
  CTD_CODE_COUNT
};

struct ctd_error {
  enum ctd_code code;
  int status;         /* gRPC status number or HTTP status; 0 where there is none */
  char op[32];        /* the operation that failed, as a user calls it: "pull" */
  char message[1024]; /* one line without a newline */
  json_t *details;    /* owned; what was tried and what answered, or NULL */
};

/* The stable name of a code: "not_found". */
const char *ctd_code_name(enum ctd_code code);

/* Sets code and message (replacing what *err held) and returns −1. Newlines in the text become spaces. */
int ctd_error_set(struct ctd_error *err, enum ctd_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for a failed system call: the code fits `errnum`, the text ends in ": " and its description. Returns −1. */
int ctd_error_errno(struct ctd_error *err, int errnum, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Out of memory: CTD_RESOURCE_EXHAUSTED. Returns −1. */
int ctd_error_nomem(struct ctd_error *err);

/* Puts "text: " before the message and returns −1: callers name the object that the callee didn't know. */
int ctd_error_prefix(struct ctd_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Moves the error to `to` (which is cleared first) and leaves `from` empty. */
void ctd_error_move(struct ctd_error *to, struct ctd_error *from);

/* Releases the details and zeroes the struct. */
void ctd_error_clear(struct ctd_error *err);

#ifdef __cplusplus
}
#endif

#endif
