#include "client/flow_copy.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

/* The most that a FIFO may hold: /proc/sys/fs/pipe-max-size. */
#define FIFO_CHUNKS 16

/* An input's FIFO is tried again after so many seconds, doubling; a terminal of another job at the longer pace. */
#define FIRST_DELAY 0.001
#define LONGEST_DELAY 0.128

#define FLOW_OF(pointer, member) ((struct ctd_flow *)((char *)(pointer)-offsetof(struct ctd_flow, member)))

size_t ctd_flow_held(const struct ctd_flow *flow) {
  return flow->end - flow->start;
}

/* Makes room for a chunk at the end. Bytes are moved only when more than them have gone. */
bool ctd_flow_reserve(struct ctd_flow *flow) {
  if (flow->start >= ctd_flow_held(flow)) {
    memmove(flow->data, flow->data + flow->start, ctd_flow_held(flow));
    flow->end -= flow->start;
    flow->start = 0;
  }
  if (flow->capacity - flow->end >= CTD_FLOW_CHUNK)
    return true;
  char *data = realloc(flow->data, flow->capacity * 2);
  if (!data)
    return false;
  flow->data = data;
  flow->capacity *= 2;
  return true;
}

void ctd_flow_break(struct ctd_flow *flow) {
  flow->broken = true;
  flow->start = flow->end;
  ctd_flow_end_close(&flow->to);
  if (flow->input)
    ctd_flow_end_close(&flow->from);
}

/* Reads once; whether anything came. */
static bool flow_fill(struct ctd_flow *flow) {
  if (!ctd_flow_reserve(flow)) {
    flow->starved = true;
    return false;
  }
  ssize_t n = ctd_flow_end_read(&flow->from, flow->data + flow->end, CTD_FLOW_CHUNK);
  if (n < 0 && errno == EAGAIN)
    return false;
  flow->active = ctd_now_monotonic();
  if (n <= 0) {
    flow->ended = true;
    return false;
  }
  flow->end += (size_t)n;
  if (flow->broken)
    flow->start = flow->end;
  return true;
}

static void flow_drain(struct ctd_flow *flow) {
  while (flow->to.fd >= 0 && ctd_flow_held(flow)) {
    ssize_t n = ctd_flow_end_write(&flow->to, flow->data + flow->start, ctd_flow_held(flow));
    if (n < 0 && errno == EAGAIN)
      return;
    flow->active = ctd_now_monotonic();
    if (n < 0) {
      ctd_flow_break(flow);
      return;
    }
    flow->start += (size_t)n;
    flow->starved = false;
    if (flow->to.blocking)
      return;
  }
}

static bool flow_wants(const struct ctd_flow *flow) {
  return flow->from.fd >= 0 && !flow->ended && !flow->starved && !flow->paused && ctd_flow_held(flow) < flow->limit &&
         (!flow->input || flow->to.fd >= 0);
}

/* Waits for what can happen next. A source that is always ready is read at the pace of the FIFO behind it. */
void ctd_flow_arm(struct ctd_flow *flow) {
  bool wants = flow_wants(flow);
  if (wants && flow->from.pollable)
    ctd_flow_end_arm(&flow->from, EPOLLIN);
  if (ctd_flow_held(flow) || (wants && !flow->from.pollable))
    ctd_flow_end_arm(&flow->to, EPOLLOUT);
}

static bool flow_is_over(const struct ctd_flow *flow) {
  if (flow->input)
    return flow->broken || (flow->ended && !ctd_flow_held(flow) && flow->to.fd >= 0);
  return flow->ended && (flow->for_caller || !ctd_flow_held(flow));
}

void ctd_flow_tell_end(struct ctd_flow *flow) {
  if (flow->finished && !flow->broken && flow->on_end)
    flow->on_end(flow->on_end_context);
  flow->on_end = flow->finished ? NULL : flow->on_end;
}

void ctd_flow_tell_output(struct ctd_flow *flow) {
  void (*on_output)(void *) = flow->on_output;
  if (!on_output || (!ctd_flow_held(flow) && !flow->ended))
    return;
  flow->on_output = NULL;
  on_output(flow->on_output_context);
}

/* After every change: closes what has come to its end, waits for the rest, wakes the callers. */
void ctd_flow_settle(struct ctd_flow *flow) {
  if (flow->ended)
    ctd_flow_end_close(&flow->from);
  if (!flow->finished && flow_is_over(flow)) {
    flow->finished = true;
    ctd_flow_end_close(&flow->to);
    ctd_flow_end_close(&flow->timer);
    ctd_flow_tell_end(flow);
  }
  ctd_flow_arm(flow);
  ctd_flow_tell_output(flow);
  pthread_cond_broadcast(&flow->changed);
}

static void flow_later(struct ctd_flow *flow) {
  ctd_flow_end_set(&flow->timer, flow->delay);
  if (flow->delay < LONGEST_DELAY)
    flow->delay *= 2;
}

/* Nothing is taken from an input for a process that is gone, nor from a terminal that belongs to another job. */
static bool flow_may_fill(struct ctd_flow *flow) {
  if (!flow_wants(flow))
    return false;
  if (flow->input && ctd_flow_end_broken(&flow->to)) {
    ctd_flow_break(flow);
    return false;
  }
  if (flow->input && ctd_flow_end_in_background(&flow->from)) {
    flow->paused = true;
    flow->delay = LONGEST_DELAY;
    flow_later(flow);
    return false;
  }
  return true;
}

static void from_ready(struct ctd_poller_tag *tag) {
  struct ctd_flow *flow = FLOW_OF(tag, from);
  pthread_mutex_lock(&flow->mutex);
  if (flow_may_fill(flow) && flow_fill(flow) && !flow->to.blocking)
    flow_drain(flow);
  ctd_flow_settle(flow);
  pthread_mutex_unlock(&flow->mutex);
}

static void to_ready(struct ctd_poller_tag *tag) {
  struct ctd_flow *flow = FLOW_OF(tag, to);
  pthread_mutex_lock(&flow->mutex);
  if (!flow->from.pollable && flow_may_fill(flow))
    flow_fill(flow);
  flow_drain(flow);
  ctd_flow_settle(flow);
  pthread_mutex_unlock(&flow->mutex);
}

/* Of an input: opens the FIFO if it has a reader now. */
static void timer_ready(struct ctd_poller_tag *tag) {
  struct ctd_flow *flow = FLOW_OF(tag, timer);
  struct ctd_error err = {0};
  pthread_mutex_lock(&flow->mutex);
  flow->paused = false;
  if (!flow->broken && flow->to.fd < 0) {
    if (ctd_flow_end_open(&flow->to, flow->fifo, O_WRONLY, &err))
      ctd_flow_break(flow);
    else if (flow->to.fd < 0)
      flow_later(flow);
  }
  ctd_flow_settle(flow);
  pthread_mutex_unlock(&flow->mutex);
  ctd_error_clear(&err);
}

/* Of an output: takes what the FIFO holds as the last. */
static void flow_last(struct ctd_poller_job *job) {
  struct ctd_flow *flow = FLOW_OF(job, last);
  pthread_mutex_lock(&flow->mutex);
  for (int i = 0; i < FIFO_CHUNKS && flow->from.fd >= 0 && flow_fill(flow); i++)
    continue;
  flow->ended = true;
  if (!flow->to.pollable)
    flow_drain(flow);
  ctd_flow_settle(flow);
  pthread_mutex_unlock(&flow->mutex);
}

static void flow_release(struct ctd_poller_job *job) {
  struct ctd_flow *flow = FLOW_OF(job, release);
  pthread_mutex_destroy(&flow->mutex);
  pthread_cond_destroy(&flow->changed);
  free(flow->fifo);
  free(flow->data);
  free(flow);
}

void ctd_flow_init(struct ctd_flow *flow) {
  pthread_mutex_init(&flow->mutex, NULL);
  pthread_cond_init(&flow->changed, NULL);
  flow->from = (struct ctd_flow_end){.tag.ready = from_ready, .fd = -1};
  flow->to = (struct ctd_flow_end){.tag.ready = to_ready, .fd = -1};
  flow->timer = (struct ctd_flow_end){.tag.ready = timer_ready, .fd = -1};
  flow->delay = FIRST_DELAY;
  flow->active = ctd_now_monotonic();
  flow->last.run = flow_last;
  flow->release.run = flow_release;
}
