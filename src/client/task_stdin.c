#include "client/close_io.h"
#include "client/task.h"
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
static void notice_exit(struct ctd_task *task, struct ctd_scope *scope) {
  struct ctd_task_status status = {.status = ""};
  struct ctd_error err = {0};
  struct ctd_scope turn;
  turn_init(&turn, scope);
  int result = ctd_task_status(task, &turn, &status, &err);
  if (result ? err.code == CTD_NOT_FOUND : !strcmp(status.status, "stopped"))
    ctd_stdio_stop_stdin(ctd_task_stdio(task));
  ctd_error_clear(&err);
}

int ctd_task_write(struct ctd_task *task, const void *data, size_t size, struct ctd_scope *scope,
                   struct ctd_error *err) {
  struct ctd_stdio *stdio = ctd_task_stdio(task);
  struct ctd_scope turn;
  size_t written;
  if (!stdio)
    return ctd_error_set(err, CTD_FAILED_PRECONDITION, "the task's streams are closed");
  for (turn_init(&turn, scope); ctd_stdio_write(stdio, data, size, &written, &turn, err); turn_init(&turn, scope)) {
    if (!turn_is_over(scope, err))
      return -1;
    ctd_error_clear(err);
    if (!written)
      notice_exit(task, scope);
    data = (const char *)data + written;
    size -= written;
  }
  return 0;
}

static int close_stream(struct ctd_task *task, struct ctd_scope *scope, struct ctd_error *err) {
  struct ctd_stdio *stdio = ctd_task_stdio(task);
  struct ctd_scope turn;
  if (!stdio)
    return 0;
  for (turn_init(&turn, scope); ctd_stdio_close_stdin(stdio, &turn, err); turn_init(&turn, scope)) {
    if (!turn_is_over(scope, err))
      return -1;
    ctd_error_clear(err);
    notice_exit(task, scope);
  }
  return 0;
}

int ctd_task_close_stdin(struct ctd_task *task, struct ctd_scope *scope, struct ctd_error *err) {
  struct ctd_client *client = ctd_task_client(task);
  if (!close_stream(task, scope, err) && !ctd_close_io(client, ctd_task_id(task), scope, err))
    return 0;
  return ctd_client_failed(client, err, "close_stdin", "task %s", ctd_task_id(task));
}
