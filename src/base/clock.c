#include "base/clock.h"
#include <string.h>
#include <time.h>

static double clock_read(clockid_t id) {
  struct timespec now;
  clock_gettime(id, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double ctd_now_monotonic(void) {
  return clock_read(CLOCK_MONOTONIC);
}

double ctd_now_epoch(void) {
  return clock_read(CLOCK_REALTIME);
}

void ctd_scope_init(struct ctd_scope *scope, double timeout) {
  memset(scope, 0, sizeof *scope);
  scope->deadline = isinf(timeout) ? INFINITY : ctd_now_monotonic() + timeout;
}

void ctd_scope_init_within(struct ctd_scope *scope, struct ctd_scope *parent) {
  ctd_scope_init(scope, INFINITY);
  scope->deadline = parent->deadline;
  scope->parent = parent;
}

void ctd_scope_cancel(struct ctd_scope *scope) {
  atomic_store(&scope->cancelled, true);
}

bool ctd_scope_cancelled(const struct ctd_scope *scope) {
  for (; scope; scope = scope->parent)
    if (atomic_load(&scope->cancelled))
      return true;
  return false;
}

int ctd_scope_check(struct ctd_scope *scope, struct ctd_error *err) {
  if (ctd_scope_cancelled(scope))
    return ctd_error_set(err, CTD_CANCELLED, "cancelled");
  if (ctd_now_monotonic() >= scope->deadline)
    return ctd_error_set(err, CTD_DEADLINE_EXCEEDED, "timed out");
  return 0;
}

double ctd_scope_slice(const struct ctd_scope *scope) {
  if (scope->nowait)
    return 0;
  return isinf(scope->deadline) ? CTD_SLICE : fmax(0, fmin(CTD_SLICE, scope->deadline - ctd_now_monotonic()));
}

int ctd_scope_may_wait(struct ctd_scope *scope, struct ctd_error *err) {
  if (ctd_scope_check(scope, err))
    return -1;
  return scope->nowait ? CTD_PENDING : 0;
}

bool ctd_scope_enter(struct ctd_scope *scope, ctd_flag *turn) {
  return scope->turn == turn || !atomic_exchange(turn, true);
}

int ctd_scope_leave(struct ctd_scope *scope, ctd_flag *turn, int result) {
  scope->turn = turn;
  if (result != CTD_PENDING)
    ctd_scope_drop_turn(scope);
  return result;
}

void ctd_scope_drop_turn(struct ctd_scope *scope) {
  if (scope->turn)
    atomic_store(scope->turn, false);
  scope->turn = NULL;
}

int ctd_scope_sleep(struct ctd_scope *scope, double seconds, struct ctd_error *err) {
  double end = ctd_now_monotonic() + seconds;
  for (;;) {
    double left = fmin(end - ctd_now_monotonic(), ctd_scope_slice(scope));
    if (ctd_scope_check(scope, err))
      return -1;
    if (left <= 0)
      return 0;
    nanosleep(&(struct timespec){(time_t)left, (long)((left - floor(left)) * 1e9)}, NULL);
  }
}

void ctd_format_time(double epoch, char *out, size_t size) {
  time_t seconds = (time_t)epoch;
  struct tm utc;
  gmtime_r(&seconds, &utc);
  strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &utc);
}
