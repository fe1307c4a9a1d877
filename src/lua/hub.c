#include "lua/hub.h"
#include "base/clock.h"
#include "base/fork.h"
#include "base/standard_fds.h"
#include "base/thread.h"
#include "lua/op.h"
#include "lua/wakeup.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* Further than this is as good as never, and a timespec holds it; in seconds. */
#define LONGEST 1e9

struct job {
  struct ctd_hub *hub;
  struct ctd_op *op;
  void (*run)(struct ctd_op *op);
  pthread_t thread;
  struct job *next;
};

struct ctd_hub {
  atomic_int references;
  int owner;             /* the process that opened the fds; a forked child shares them and must not */
  int fd;                /* of an epoll of the other two; −1: not open yet */
  int bell, alarm;       /* an eventfd; a timerfd for the next deadline */
  pthread_mutex_t mutex; /* guards what follows */
  bool rung;             /* the bell's fd is readable */
  pthread_cond_t idle;   /* signalled at each end */
  struct ctd_op *first, *last;
  size_t queued;
  struct ctd_wakeup wakeup;
  struct job *ended; /* jobs whose threads are still to be joined */
  bool closed;
  bool given_up; /* closed, and nobody joins what still runs */
  int busy;      /* what is between begin and end */

  /* Lua's thread alone: */
  int expected;       /* operations */
  struct ctd_op *due; /* those that have news at a deadline */
  double alarm_at;
};

static const char hub_key; /* registry: the box with the pointer, which is closed with the state */

static int hub_new(struct ctd_hub **out, struct ctd_error *err) {
  pthread_condattr_t monotonic;
  struct ctd_hub *hub = calloc(1, sizeof *hub);
  if (!hub)
    return ctd_error_nomem(err);
  atomic_init(&hub->references, 1);
  hub->fd = -1;
  hub->alarm_at = INFINITY;
  hub->wakeup = CTD_WAKEUP_NONE;
  pthread_mutex_init(&hub->mutex, NULL);
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&hub->idle, &monotonic);
  pthread_condattr_destroy(&monotonic);
  *out = hub;
  return 0;
}

struct ctd_hub *ctd_hub_ref(struct ctd_hub *hub) {
  atomic_fetch_add(&hub->references, 1);
  return hub;
}

static void fds_close(struct ctd_hub *hub) {
  const int fds[] = {hub->fd, hub->bell, hub->alarm};
  for (int i = 0; i < 3; i++)
    if (fds[i] >= 0)
      close(fds[i]);
  hub->fd = -1;
}

static int fds_open(struct ctd_hub *hub, struct ctd_error *err) {
  struct epoll_event readable = {.events = EPOLLIN};
  ctd_standard_fds_reserve();
  hub->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  hub->alarm = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  hub->fd = epoll_create1(EPOLL_CLOEXEC);
  if (hub->fd >= 0 && hub->bell >= 0 && hub->alarm >= 0 && !epoll_ctl(hub->fd, EPOLL_CTL_ADD, hub->bell, &readable) &&
      !epoll_ctl(hub->fd, EPOLL_CTL_ADD, hub->alarm, &readable))
    return 0;
  ctd_error_errno(err, errno, "open a hub");
  fds_close(hub);
  return -1;
}

void ctd_hub_unref(struct ctd_hub *hub) {
  if (!hub || atomic_fetch_sub(&hub->references, 1) > 1)
    return;
  if (hub->fd >= 0)
    fds_close(hub);
  pthread_cond_destroy(&hub->idle);
  pthread_mutex_destroy(&hub->mutex);
  free(hub);
}

bool ctd_hub_is_foreign(const struct ctd_hub *hub) {
  return hub->fd >= 0 && hub->owner != ctd_fork_generation();
}

int ctd_hub_prepare(struct ctd_hub *hub, struct ctd_error *err) {
  if (hub->fd < 0) {
    if (fds_open(hub, err))
      return -1;
    hub->owner = ctd_fork_generation();
  }
  if (!ctd_hub_is_foreign(hub))
    return 0;
  return ctd_error_set(err, CTD_FAILED_PRECONDITION,
                       "this process was forked after its parent had connected: connect after the fork instead");
}

int ctd_hub_fd(struct ctd_hub *hub, struct ctd_error *err) {
  return ctd_hub_prepare(hub, err) ? -1 : hub->fd;
}

int ctd_hub_listen(struct ctd_hub *hub, const char **path, struct ctd_error *err) {
  if (ctd_hub_prepare(hub, err))
    return -1;
  pthread_mutex_lock(&hub->mutex);
  int result = ctd_wakeup_listen(&hub->wakeup, err);
  pthread_mutex_unlock(&hub->mutex);
  *path = hub->wakeup.address.sun_path;
  return result;
}

int ctd_hub_accept(struct ctd_hub *hub, struct ctd_error *err) {
  if (ctd_hub_prepare(hub, err))
    return -1;
  pthread_mutex_lock(&hub->mutex);
  int result = ctd_wakeup_accept(&hub->wakeup, err);
  if (hub->first)
    ctd_wakeup_ring(&hub->wakeup);
  pthread_mutex_unlock(&hub->mutex);
  return result;
}

void ctd_hub_hang_up(struct ctd_hub *hub) {
  if (ctd_hub_is_foreign(hub))
    return;
  pthread_mutex_lock(&hub->mutex);
  ctd_wakeup_close(&hub->wakeup);
  pthread_mutex_unlock(&hub->mutex);
}

/* With the mutex: who watches looks soon. */
static void hub_ring(struct ctd_hub *hub) {
  if (!hub->rung)
    eventfd_write(hub->bell, 1);
  hub->rung = true;
  ctd_wakeup_ring(&hub->wakeup);
}

void ctd_hub_post(struct ctd_hub *hub, struct ctd_op *op) {
  pthread_mutex_lock(&hub->mutex);
  if (!hub->closed && !op->queued && !op->forgotten) {
    op->queued = true;
    op->next = NULL;
    op->previous = hub->last;
    *(hub->last ? &hub->last->next : &hub->first) = ctd_op_ref(op);
    hub->last = op;
    hub->queued++;
    hub_ring(hub);
  }
  pthread_mutex_unlock(&hub->mutex);
}

/* With the mutex: the fd isn't readable any more. */
static void hub_calm(struct ctd_hub *hub) {
  eventfd_t news;
  if (hub->rung)
    eventfd_read(hub->bell, &news);
  hub->rung = false;
}

/* With the mutex. The queue's reference becomes the caller's. */
static void hub_unlink(struct ctd_hub *hub, struct ctd_op *op) {
  op->queued = false;
  hub->queued--;
  *(op->previous ? &op->previous->next : &hub->first) = op->next;
  *(op->next ? &op->next->previous : &hub->last) = op->previous;
  if (!hub->first)
    hub_calm(hub);
}

void ctd_hub_expect(struct ctd_hub *hub, struct ctd_op *op) {
  if (!op->expected)
    hub->expected++;
  op->expected = true;
}

int ctd_hub_expected(const struct ctd_hub *hub) {
  return hub->expected;
}

/* Whether it was the last one. */
static bool hub_expect_no_more(struct ctd_hub *hub, struct ctd_op *op) {
  bool was_expected = op->expected;
  op->expected = false;
  return was_expected && --hub->expected == 0;
}

void ctd_hub_forget(struct ctd_hub *hub, struct ctd_op *op) {
  if (ctd_hub_is_foreign(hub))
    return;
  bool was_last = hub_expect_no_more(hub, op);
  pthread_mutex_lock(&hub->mutex);
  bool queued = op->queued;
  if (queued)
    hub_unlink(hub, op);
  op->forgotten = true;
  if (was_last)
    hub_ring(hub); /* who watches learns that there is nothing more to watch for */
  pthread_mutex_unlock(&hub->mutex);
  if (queued)
    ctd_op_unref(op);
}

/* A deadline of the past makes the fd readable. */
static void alarm_set(struct ctd_hub *hub, double at) {
  struct itimerspec when = {{0, 0}, {0, 0}};
  if (at < LONGEST)
    when.it_value = (struct timespec){(time_t)at, (long)(fmod(at, 1) * 1e9)};
  timerfd_settime(hub->alarm, TFD_TIMER_ABSTIME, &when, NULL);
  hub->alarm_at = at;
}

void ctd_hub_watch(struct ctd_hub *hub, struct ctd_op *op) {
  double deadline = op->scope.deadline;
  ctd_hub_expect(hub, op);
  if (isinf(deadline))
    return;
  op->due_next = hub->due;
  op->due_link = &hub->due;
  if (hub->due)
    hub->due->due_link = &op->due_next;
  hub->due = op;
  if (deadline < hub->alarm_at)
    alarm_set(hub, deadline);
}

void ctd_hub_unwatch(struct ctd_op *op) {
  if (!op->due_link)
    return;
  *op->due_link = op->due_next;
  if (op->due_next)
    op->due_next->due_link = op->due_link;
  op->due_link = NULL;
}

/* An alarm may also be that of an operation which isn't watched any more. */
static void hub_expire(struct ctd_hub *hub) {
  double now = ctd_now_monotonic(), next = INFINITY;
  if (now < hub->alarm_at)
    return;
  for (struct ctd_op *op = hub->due; op; op = op->due_next)
    if (op->scope.deadline <= now)
      ctd_hub_post(hub, op);
    else
      next = fmin(next, op->scope.deadline);
  alarm_set(hub, next);
}

size_t ctd_hub_news(struct ctd_hub *hub) {
  if (hub->fd < 0 || ctd_hub_is_foreign(hub))
    return 0;
  hub_expire(hub);
  pthread_mutex_lock(&hub->mutex);
  size_t count = hub->queued;
  pthread_mutex_unlock(&hub->mutex);
  return count;
}

struct ctd_op *ctd_hub_take(struct ctd_hub *hub) {
  if (ctd_hub_is_foreign(hub))
    return NULL;
  pthread_mutex_lock(&hub->mutex);
  struct ctd_op *op = hub->first;
  if (op)
    hub_unlink(hub, op);
  else
    hub_calm(hub);
  pthread_mutex_unlock(&hub->mutex);
  if (op && ctd_op_poll(op, 0))
    hub_expect_no_more(hub, op);
  return op;
}

/* Takes it out of the queue, and puts it back when there is something to tell. */
static void hub_advance_op(struct ctd_hub *hub, struct ctd_op *op) {
  hub_unlink(hub, op);
  pthread_mutex_unlock(&hub->mutex);
  if (ctd_op_poll(op, 0))
    ctd_hub_post(hub, op);
  ctd_op_unref(op);
  pthread_mutex_lock(&hub->mutex);
}

/* Only this thread takes operations out of the queue, and others add theirs at the end. */
static void hub_advance(struct ctd_hub *hub) {
  hub_expire(hub);
  pthread_mutex_lock(&hub->mutex);
  hub_calm(hub);
  struct ctd_op *op = hub->first;
  for (size_t left = hub->queued; left; left--) {
    struct ctd_op *next = op->next;
    if (op->watched)
      hub_advance_op(hub, op);
    op = next;
  }
  pthread_mutex_unlock(&hub->mutex);
}

void ctd_hub_ring(struct ctd_hub *hub) {
  pthread_mutex_lock(&hub->mutex);
  hub_ring(hub);
  pthread_mutex_unlock(&hub->mutex);
}

void ctd_hub_serve(struct ctd_hub *hub, const atomic_bool *over) {
  while (!atomic_load(over)) {
    ctd_hub_wait(hub, CTD_SLICE);
    hub_advance(hub);
  }
  ctd_hub_ring(hub);
}

void ctd_hub_wait(struct ctd_hub *hub, double seconds) {
  struct pollfd readable = {hub->fd, POLLIN, 0};
  poll(&readable, hub->fd < 0 || ctd_hub_is_foreign(hub) ? 0 : 1, (int)ceil(fmax(0, seconds) * 1000));
}

void ctd_hub_begin(struct ctd_hub *hub) {
  pthread_mutex_lock(&ctd_hub_ref(hub)->mutex);
  hub->busy++;
  pthread_mutex_unlock(&hub->mutex);
}

void ctd_hub_end(struct ctd_hub *hub) {
  pthread_mutex_lock(&hub->mutex);
  hub->busy--;
  pthread_cond_broadcast(&hub->idle);
  pthread_mutex_unlock(&hub->mutex);
  ctd_hub_unref(hub);
}

/* Leaves the thread to Lua's, which joins it: at its exit a program has none that is about to end. */
static void job_end(struct job *job) {
  struct ctd_hub *hub = job->hub;
  pthread_mutex_lock(&hub->mutex);
  if (hub->given_up) {
    pthread_detach(job->thread);
    free(job);
  } else {
    job->next = hub->ended;
    hub->ended = job;
  }
  pthread_mutex_unlock(&hub->mutex);
  ctd_hub_end(hub);
}

static void *job_run(void *argument) {
  struct job *job = argument;
  job->thread = pthread_self();
  job->run(job->op);
  ctd_op_unref(job->op);
  job_end(job);
  return NULL;
}

/* Lua's thread. */
static void hub_join_ended(struct ctd_hub *hub) {
  pthread_mutex_lock(&hub->mutex);
  struct job *job = hub->ended;
  hub->ended = NULL;
  pthread_mutex_unlock(&hub->mutex);
  while (job) {
    struct job *next = job->next;
    pthread_join(job->thread, NULL);
    free(job);
    job = next;
  }
}

int ctd_hub_start_job(struct ctd_hub *hub, struct ctd_op *op, void (*run)(struct ctd_op *op), struct ctd_error *err) {
  pthread_t thread;
  struct job *job = malloc(sizeof *job);
  hub_join_ended(hub);
  if (!job)
    return ctd_error_nomem(err);
  *job = (struct job){.hub = hub, .op = ctd_op_ref(op), .run = run};
  ctd_hub_begin(hub);
  if (!ctd_thread_start(&thread, "ctd-job", job_run, job, err))
    return 0;
  free(job);
  ctd_op_unref(op);
  ctd_hub_end(hub);
  return -1;
}

static struct timespec hub_patience(void) {
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += CTD_UNDO_SECONDS;
  return until;
}

/* The state is closing: its handles are gone, and with them the last chance to hear of anything. */
static void hub_close(struct ctd_hub *hub) {
  struct timespec until = hub_patience();
  struct ctd_op *op;
  while ((op = ctd_hub_take(hub)))
    ctd_op_unref(op);
  pthread_mutex_lock(&hub->mutex);
  hub->closed = true;
  ctd_wakeup_close(&hub->wakeup);
  while (hub->busy && !pthread_cond_timedwait(&hub->idle, &hub->mutex, &until))
    continue;
  hub->given_up = true;
  pthread_mutex_unlock(&hub->mutex);
  hub_join_ended(hub);
}

static int hub_gc(lua_State *L) {
  struct ctd_hub **box = lua_touserdata(L, 1);
  struct ctd_hub *hub = *box;
  *box = NULL;
  if (hub && !ctd_hub_is_foreign(hub)) {
    hub_close(hub);
    ctd_hub_unref(hub);
  }
  return 0;
}

void ctd_hub_open(lua_State *L) {
  struct ctd_error err = {0};
  struct ctd_hub **box = lua_newuserdata(L, sizeof(struct ctd_hub *));
  *box = NULL;
  lua_newtable(L);
  lua_pushcfunction(L, hub_gc);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  if (hub_new(box, &err))
    luaL_error(L, "%s", err.message);
  ctd_registry_set(L, &hub_key);
}

struct ctd_hub *ctd_hub_find(lua_State *L) {
  ctd_registry_get(L, &hub_key);
  struct ctd_hub **box = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return *box;
}

struct ctd_hub *ctd_hub_of(lua_State *L) {
  struct ctd_hub *hub = ctd_hub_find(L);
  if (!hub)
    luaL_error(L, "the Lua state is closing");
  return hub;
}
