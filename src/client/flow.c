#include "client/flow.h"
#include "base/buffer.h"
#include "client/flow_copy.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

/* How much is held for a caller, in bytes. */
#define CALLER_LIMIT (4 * CTD_FLOW_CHUNK)

static struct ctd_flow *flow_new(bool input, bool for_caller, struct ctd_error *err) {
  struct ctd_flow *flow = calloc(1, sizeof *flow);
  char *data = malloc(CTD_FLOW_CHUNK);
  if (!flow || !data) {
    ctd_error_nomem(err);
    free(flow);
    free(data);
    return NULL;
  }
  ctd_flow_init(flow);
  flow->input = input;
  flow->for_caller = for_caller;
  flow->limit = for_caller ? CALLER_LIMIT : CTD_FLOW_CHUNK;
  flow->data = data;
  flow->capacity = CTD_FLOW_CHUNK;
  return flow;
}

static int open_input(struct ctd_flow *flow, const char *fifo, int fd, struct ctd_error *err) {
  if (ctd_copy_string(&flow->fifo, fifo, err) ||
      (!flow->for_caller && ctd_flow_end_duplicate(&flow->from, fd, O_RDONLY, err)) ||
      ctd_flow_end_timer(&flow->timer, err))
    return -1;
  ctd_flow_end_set(&flow->timer, flow->delay);
  return 0;
}

static int open_output(struct ctd_flow *flow, const char *fifo, int fd, struct ctd_error *err) {
  if ((!flow->for_caller && ctd_flow_end_duplicate(&flow->to, fd, O_WRONLY, err)) ||
      ctd_flow_end_open(&flow->from, fifo, O_RDONLY, err))
    return -1;
  ctd_flow_arm(flow);
  return 0;
}

/* The mutex is held, since the poller may have something to say of one end before the other is there. */
static int flow_open(struct ctd_flow **out, bool input, const char *fifo, int fd, struct ctd_error *err) {
  *out = NULL;
  if (ctd_poller_start(err))
    return -1;
  struct ctd_flow *flow = flow_new(input, fd == CTD_FLOW_CALLER, err);
  if (!flow)
    return -1;
  pthread_mutex_lock(&flow->mutex);
  int result = input ? open_input(flow, fifo, fd, err) : open_output(flow, fifo, fd, err);
  pthread_mutex_unlock(&flow->mutex);
  if (result)
    ctd_flow_close(flow);
  else
    *out = flow;
  return result;
}

int ctd_flow_open_input(struct ctd_flow **out, const char *fifo, int fd, struct ctd_error *err) {
  return flow_open(out, true, fifo, fd, err);
}

int ctd_flow_open_output(struct ctd_flow **out, const char *fifo, int fd, struct ctd_error *err) {
  return flow_open(out, false, fifo, fd, err);
}

/* Waits for a change, with the mutex; −1 when the scope is over, CTD_PENDING if it doesn't wait. */
static int flow_await(struct ctd_flow *flow, struct ctd_scope *scope, struct ctd_error *err) {
  double until = ctd_now_monotonic() + ctd_scope_slice(scope);
  struct timespec when = {(time_t)until, (long)(fmod(until, 1) * 1e9)};
  int result = ctd_scope_may_wait(scope, err);
  if (result)
    return result;
  pthread_cond_clockwait(&flow->changed, &flow->mutex, CLOCK_MONOTONIC, &when);
  return 0;
}

int ctd_flow_read(struct ctd_flow *flow, void *data, size_t capacity, size_t *size, struct ctd_scope *scope,
                  struct ctd_error *err) {
  int result = 0;
  pthread_mutex_lock(&flow->mutex);
  while (!result && !ctd_flow_held(flow) && !flow->ended)
    result = flow_await(flow, scope, err);
  *size = ctd_flow_held(flow) < capacity ? ctd_flow_held(flow) : capacity;
  memcpy(data, flow->data + flow->start, *size);
  flow->start += *size;
  flow->starved = false;
  ctd_flow_arm(flow);
  pthread_mutex_unlock(&flow->mutex);
  return result;
}

void ctd_flow_watch(struct ctd_flow *flow, void (*notify)(void *), void *context) {
  pthread_mutex_lock(&flow->mutex);
  flow->on_output = notify;
  flow->on_output_context = context;
  ctd_flow_tell_output(flow);
  pthread_mutex_unlock(&flow->mutex);
}

/* Takes over as much as there's room for. */
static int flow_take(struct ctd_flow *flow, const char *data, size_t size, size_t *taken, struct ctd_error *err) {
  size_t room = flow->limit - ctd_flow_held(flow);
  if (!ctd_flow_reserve(flow))
    return ctd_error_nomem(err);
  *taken = size;
  if (*taken > room)
    *taken = room;
  if (*taken > CTD_FLOW_CHUNK)
    *taken = CTD_FLOW_CHUNK;
  memcpy(flow->data + flow->end, data, *taken);
  flow->end += *taken;
  ctd_flow_arm(flow);
  return 0;
}

int ctd_flow_write(struct ctd_flow *flow, const void *data, size_t size, size_t *written, struct ctd_scope *scope,
                   struct ctd_error *err) {
  int result = 0;
  pthread_mutex_lock(&flow->mutex);
  *written = 0;
  for (size_t taken = 0; !result && *written < size; *written += taken, taken = 0) {
    if (flow->broken || flow->ended)
      result =
          ctd_error_set(err, CTD_FAILED_PRECONDITION,
                        flow->broken ? "nobody reads the standard input any more" : "the standard input is closed");
    else if (ctd_flow_held(flow) >= flow->limit)
      result = flow_await(flow, scope, err);
    else
      result = flow_take(flow, (const char *)data + *written, size - *written, &taken, err);
  }
  pthread_mutex_unlock(&flow->mutex);
  return result;
}

int ctd_flow_end(struct ctd_flow *flow, struct ctd_scope *scope, struct ctd_error *err) {
  int result = 0;
  pthread_mutex_lock(&flow->mutex);
  flow->ended = true;
  ctd_flow_settle(flow);
  while (!result && !flow->finished)
    result = flow_await(flow, scope, err);
  pthread_mutex_unlock(&flow->mutex);
  return result;
}

void ctd_flow_stop(struct ctd_flow *flow) {
  pthread_mutex_lock(&flow->mutex);
  if (!flow->finished)
    ctd_flow_break(flow);
  ctd_flow_settle(flow);
  pthread_mutex_unlock(&flow->mutex);
}

void ctd_flow_on_end(struct ctd_flow *flow, void (*ended)(void *), void *context) {
  pthread_mutex_lock(&flow->mutex);
  flow->on_end = ended;
  flow->on_end_context = context;
  ctd_flow_tell_end(flow);
  pthread_mutex_unlock(&flow->mutex);
}

int ctd_flow_wait(struct ctd_flow *flow, double patience, struct ctd_scope *scope, struct ctd_error *err) {
  int result = 0;
  double start = ctd_now_monotonic();
  pthread_mutex_lock(&flow->mutex);
  if (flow->for_caller)
    flow->limit = SIZE_MAX;
  ctd_flow_arm(flow);
  while (!result && !flow->finished) {
    bool idle = flow->for_caller || !ctd_flow_held(flow);
    if (flow->for_caller && flow->starved)
      result = ctd_error_nomem(err);
    else if (idle && ctd_now_monotonic() - fmax(start, flow->active) > patience)
      break;
    else
      result = flow_await(flow, scope, err);
  }
  pthread_mutex_unlock(&flow->mutex);
  return result;
}

void ctd_flow_finish(struct ctd_flow *flow, struct ctd_scope *scope) {
  struct ctd_error over = {0};
  ctd_poller_post(&flow->last);
  pthread_mutex_lock(&flow->mutex);
  while (!flow->finished && !flow_await(flow, scope, &over))
    continue;
  pthread_mutex_unlock(&flow->mutex);
  ctd_error_clear(&over);
}

void ctd_flow_close(struct ctd_flow *flow) {
  if (!flow)
    return;
  pthread_mutex_lock(&flow->mutex);
  flow->on_end = NULL;
  ctd_flow_break(flow);
  ctd_flow_end_close(&flow->from);
  ctd_flow_end_close(&flow->timer);
  pthread_mutex_unlock(&flow->mutex);
  ctd_poller_post(&flow->release);
}
