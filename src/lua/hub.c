#include "lua/hub.h"
#include "base/clock.h"
#include "base/standard_fds.h"
#include "base/thread.h"
#include "lua/op.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct ctd_hub {
  atomic_int references;
  pid_t owner;           /* who opened the fd; a forked child shares it and must not */
  int fd;                /* −1: not open yet */
  pthread_mutex_t mutex; /* guards what follows */
  pthread_cond_t idle;   /* signalled at each end */
  struct ctd_op *first, *last;
  bool closed;
  int busy;     /* what is between begin and end */
  int expected; /* operations; Lua's thread alone */
};

static const char hub_key; /* registry: the box with the pointer, which is closed with the state */

static int hub_new(struct ctd_hub **out, struct ctd_error *err) {
  pthread_condattr_t monotonic;
  struct ctd_hub *hub = calloc(1, sizeof *hub);
  if (!hub)
    return ctd_error_nomem(err);
  atomic_init(&hub->references, 1);
  hub->fd = -1;
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

void ctd_hub_unref(struct ctd_hub *hub) {
  if (!hub || atomic_fetch_sub(&hub->references, 1) > 1)
    return;
  if (hub->fd >= 0)
    close(hub->fd);
  pthread_cond_destroy(&hub->idle);
  pthread_mutex_destroy(&hub->mutex);
  free(hub);
}

/* A forked child has neither the threads nor a say in the mutex. */
static bool hub_is_foreign(const struct ctd_hub *hub) {
  return hub->fd >= 0 && hub->owner != getpid();
}

int ctd_hub_prepare(struct ctd_hub *hub, struct ctd_error *err) {
  if (hub->fd < 0) {
    ctd_standard_fds_reserve();
    hub->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (hub->fd < 0)
      return ctd_error_errno(err, errno, "open an eventfd");
    hub->owner = getpid();
  }
  if (!hub_is_foreign(hub))
    return 0;
  return ctd_error_set(err, CTD_FAILED_PRECONDITION,
                       "this process was forked after its parent had connected: connect after the fork instead");
}

int ctd_hub_fd(struct ctd_hub *hub, struct ctd_error *err) {
  return ctd_hub_prepare(hub, err) ? -1 : hub->fd;
}

void ctd_hub_post(struct ctd_hub *hub, struct ctd_op *op) {
  pthread_mutex_lock(&hub->mutex);
  if (!hub->closed && !op->queued && !op->forgotten) {
    op->queued = true;
    op->next = NULL;
    op->previous = hub->last;
    *(hub->last ? &hub->last->next : &hub->first) = ctd_op_ref(op);
    hub->last = op;
    eventfd_write(hub->fd, 1);
  }
  pthread_mutex_unlock(&hub->mutex);
}

/* With the mutex. The queue's reference becomes the caller's. */
static void hub_unlink(struct ctd_hub *hub, struct ctd_op *op) {
  eventfd_t news;
  op->queued = false;
  *(op->previous ? &op->previous->next : &hub->first) = op->next;
  *(op->next ? &op->next->previous : &hub->last) = op->previous;
  if (!hub->first)
    eventfd_read(hub->fd, &news);
}

void ctd_hub_expect(struct ctd_hub *hub, struct ctd_op *op) {
  op->expected = true;
  hub->expected++;
}

int ctd_hub_expected(const struct ctd_hub *hub) {
  return hub->expected;
}

static void hub_expect_no_more(struct ctd_hub *hub, struct ctd_op *op) {
  if (op->expected)
    hub->expected--;
  op->expected = false;
}

void ctd_hub_forget(struct ctd_hub *hub, struct ctd_op *op) {
  if (hub_is_foreign(hub))
    return;
  hub_expect_no_more(hub, op);
  pthread_mutex_lock(&hub->mutex);
  bool queued = op->queued;
  if (queued)
    hub_unlink(hub, op);
  op->forgotten = true;
  pthread_mutex_unlock(&hub->mutex);
  if (queued)
    ctd_op_unref(op);
}

struct ctd_op *ctd_hub_take(struct ctd_hub *hub) {
  if (hub_is_foreign(hub))
    return NULL;
  pthread_mutex_lock(&hub->mutex);
  struct ctd_op *op = hub->first;
  if (op)
    hub_unlink(hub, op);
  pthread_mutex_unlock(&hub->mutex);
  if (op && atomic_load(&op->complete))
    hub_expect_no_more(hub, op);
  return op;
}

void ctd_hub_wait(struct ctd_hub *hub, double seconds) {
  struct pollfd readable = {hub->fd, POLLIN, 0};
  poll(&readable, hub->fd < 0 || hub_is_foreign(hub) ? 0 : 1, (int)ceil(fmax(0, seconds) * 1000));
}

struct job {
  struct ctd_hub *hub;
  struct ctd_op *op;
  void (*run)(struct ctd_op *op);
};

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

static void *job_run(void *argument) {
  struct job job = *(struct job *)argument;
  free(argument);
  job.run(job.op);
  ctd_op_unref(job.op);
  ctd_hub_end(job.hub);
  return NULL;
}

int ctd_hub_start_job(struct ctd_hub *hub, struct ctd_op *op, void (*run)(struct ctd_op *op), struct ctd_error *err) {
  pthread_t thread;
  struct job *job = malloc(sizeof *job);
  if (!job)
    return ctd_error_nomem(err);
  *job = (struct job){hub, ctd_op_ref(op), run};
  ctd_hub_begin(hub);
  if (!ctd_thread_start(&thread, "ctd-job", job_run, job, err)) {
    pthread_detach(thread);
    return 0;
  }
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
  while (hub->busy && !pthread_cond_timedwait(&hub->idle, &hub->mutex, &until))
    continue;
  pthread_mutex_unlock(&hub->mutex);
}

static int hub_gc(lua_State *L) {
  struct ctd_hub **box = lua_touserdata(L, 1);
  struct ctd_hub *hub = *box;
  *box = NULL;
  if (hub && !hub_is_foreign(hub)) {
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

struct ctd_hub *ctd_hub_of(lua_State *L) {
  ctd_registry_get(L, &hub_key);
  struct ctd_hub **box = lua_touserdata(L, -1);
  lua_pop(L, 1);
  if (!*box)
    luaL_error(L, "the Lua state is closing");
  return *box;
}
