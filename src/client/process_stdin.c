#include "client/close_io.h"
#include "client/process.h"
#include <string.h>

/* How long an input may stand still before the daemon is asked for the process, in seconds. */
#define PATIENCE 0.5

/* A part of the scope that lasts as long as an input may stand still. */
static void turn_init(struct ctd_scope *turn, struct ctd_scope *scope) {
  ctd_scope_init_within(turn, scope);
  turn->deadline = fmin(turn->deadline, ctd_now_monotonic() + PATIENCE);
}

/* Whether it was only the turn that was over. */
static bool turn_is_over(const struct ctd_scope *scope, const struct ctd_error *err) {
  return err->code == CTD_DEADLINE_EXCEEDED && ctd_now_monotonic() < scope->deadline;
}

/* A shim keeps the FIFO open, and full, when the process is gone. */
static void notice_exit(struct ctd_process *process, struct ctd_scope *scope) {
  struct ctd_process_status status = {.status = ""};
  struct ctd_error err = {0};
  struct ctd_scope turn;
  turn_init(&turn, scope);
  int result = ctd_process_status(process, &turn, &status, &err);
  if (result ? err.code == CTD_NOT_FOUND : !strcmp(status.status, "stopped"))
    ctd_stdio_stop_stdin(ctd_process_stdio(process));
  ctd_error_clear(&err);
}

int ctd_process_write(struct ctd_process *process, const void *data, size_t size, struct ctd_scope *scope,
                      struct ctd_error *err) {
  struct ctd_stdio *stdio = ctd_process_stdio(process);
  struct ctd_scope turn;
  size_t written;
  if (!stdio)
    return ctd_error_set(err, CTD_FAILED_PRECONDITION, "the task's streams are closed");
  for (turn_init(&turn, scope); ctd_stdio_write(stdio, data, size, &written, &turn, err); turn_init(&turn, scope)) {
    if (!turn_is_over(scope, err))
      return -1;
    ctd_error_clear(err);
    if (!written)
      notice_exit(process, scope);
    data = (const char *)data + written;
    size -= written;
  }
  return 0;
}

static int close_stream(struct ctd_process *process, struct ctd_scope *scope, struct ctd_error *err) {
  struct ctd_stdio *stdio = ctd_process_stdio(process);
  struct ctd_scope turn;
  if (!stdio)
    return 0;
  for (turn_init(&turn, scope); ctd_stdio_close_stdin(stdio, &turn, err); turn_init(&turn, scope)) {
    if (!turn_is_over(scope, err))
      return -1;
    ctd_error_clear(err);
    notice_exit(process, scope);
  }
  return 0;
}

int ctd_process_close_stdin(struct ctd_process *process, struct ctd_scope *scope, struct ctd_error *err) {
  if (!close_stream(process, scope, err) &&
      !ctd_close_io(ctd_process_client(process), ctd_process_id(process), ctd_process_exec_id(process), scope, err))
    return 0;
  return ctd_process_failed(process, err, "close_stdin");
}
