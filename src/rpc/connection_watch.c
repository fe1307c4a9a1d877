/* What the poller does for a connection: it reads while no thread does, and tells of streams that are watched. */
#include "base/clock.h"
#include "rpc/connection.h"
#include "rpc/h2.h"
#include <errno.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define OF(pointer, member) ((struct ctd_connection *)((char *)(pointer)-offsetof(struct ctd_connection, member)))

/* Has the poller read, if nobody else does. */
static void poller_arm(struct ctd_connection *connection) {
  if (!connection->watched || connection->driven)
    return;
  ctd_connection_flush(connection);
  uint32_t wanted = EPOLLIN | (ctd_connection_is_flushed(connection) ? 0 : EPOLLOUT);
  if (connection->ended || (connection->armed & wanted) == wanted)
    return;
  connection->armed = wanted;
  ctd_poller_arm(connection->fd, wanted, &connection->readable);
}

void ctd_connection_lock(struct ctd_connection *connection) {
  pthread_mutex_lock(&connection->mutex);
}

void ctd_connection_unlock(struct ctd_connection *connection) {
  poller_arm(connection);
  if (connection->news && !connection->deliver_posted) {
    connection->deliver_posted = true;
    ctd_connection_ref(connection);
    ctd_poller_post(&connection->deliver);
  }
  pthread_mutex_unlock(&connection->mutex);
}

/* On the poller's thread. Unlocks meanwhile. */
static void tell(struct ctd_connection *connection, struct ctd_h2 *h2) {
  void (*notify)(void *) = h2->notify;
  connection->news = h2->next_news;
  h2->is_news = false;
  h2->notify = NULL;
  connection->delivering = true;
  pthread_mutex_unlock(&connection->mutex);
  notify(h2->notify_context); /* from here on the stream may be gone */
  pthread_mutex_lock(&connection->mutex);
  connection->delivering = false;
  pthread_cond_broadcast(&connection->delivered);
}

static void deliver_and_unlock(struct ctd_connection *connection) {
  do {
    while (connection->news)
      tell(connection, connection->news);
    poller_arm(connection);
  } while (connection->news);
  pthread_mutex_unlock(&connection->mutex);
}

static void deliver(struct ctd_poller_job *job) {
  struct ctd_connection *connection = OF(job, deliver);
  ctd_connection_lock(connection);
  connection->deliver_posted = false;
  deliver_and_unlock(connection);
  ctd_connection_unref(connection);
}

/* The poller may still have an event of a connection that has no reference left. */
static bool revive(struct ctd_connection *connection) {
  int references = atomic_load(&connection->references);
  while (references && !atomic_compare_exchange_weak(&connection->references, &references, references + 1))
    continue;
  return references;
}

/* If a thread drives the connection, it reads what is there, and has the poller wait again. */
static void readable(struct ctd_poller_tag *tag) {
  struct ctd_connection *connection = OF(tag, readable);
  if (!revive(connection))
    return;
  ctd_connection_lock(connection);
  connection->armed = 0;
  if (!connection->driven)
    ctd_connection_drive(connection);
  deliver_and_unlock(connection);
  ctd_connection_unref(connection);
}

static void timer_set(struct ctd_connection *connection, double at) {
  struct itimerspec time = {.it_value = {(time_t)at, (long)((at - floor(at)) * 1e9)}};
  if (at >= connection->timer_at)
    return;
  connection->timer_at = at;
  timerfd_settime(connection->timer, TFD_TIMER_ABSTIME, &time, NULL);
  ctd_poller_arm(connection->timer, EPOLLIN, &connection->expired);
}

static void expired(struct ctd_poller_tag *tag) {
  struct ctd_connection *connection = OF(tag, expired);
  if (!revive(connection))
    return;
  ctd_connection_lock(connection);
  connection->timer_at = INFINITY;
  double next = ctd_h2_expire(connection);
  if (!isinf(next))
    timer_set(connection, next);
  ctd_connection_flush(connection);
  deliver_and_unlock(connection);
  ctd_connection_unref(connection);
}

static int poller_join(struct ctd_connection *connection, struct ctd_error *err) {
  bool pollable;
  if (connection->is_polled)
    return 0;
  connection->readable.ready = readable;
  connection->deliver.run = deliver;
  if (ctd_poller_start(err) || ctd_poller_add(connection->fd, &connection->readable, &pollable, err))
    return -1;
  connection->is_polled = true;
  return 0;
}

static int timer_open(struct ctd_connection *connection, struct ctd_error *err) {
  bool pollable;
  if (connection->timer >= 0)
    return 0;
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  if (timer < 0)
    return ctd_error_errno(err, errno, "make a timer");
  connection->expired.ready = expired;
  if (ctd_poller_add(timer, &connection->expired, &pollable, err)) {
    close(timer);
    return -1;
  }
  connection->timer = timer;
  return 0;
}

int ctd_connection_watch(struct ctd_connection *connection, double deadline, struct ctd_error *err) {
  if (poller_join(connection, err))
    return -1;
  if (isinf(deadline))
    return 0;
  if (timer_open(connection, err))
    return -1;
  timer_set(connection, deadline);
  return 0;
}

void ctd_connection_tell(struct ctd_connection *connection, struct ctd_h2 *h2) {
  if (!h2->notify || h2->is_news)
    return;
  h2->is_news = true;
  h2->next_news = connection->news;
  connection->news = h2;
  connection->watched--;
}

void ctd_connection_unwatch(struct ctd_connection *connection, struct ctd_h2 *h2) {
  struct ctd_h2 **link = &connection->news;
  if (h2->is_news) {
    while (*link != h2)
      link = &(*link)->next_news;
    *link = h2->next_news;
    h2->is_news = false;
  } else if (h2->notify) {
    connection->watched--;
  }
  h2->notify = NULL;
  while (connection->delivering)
    pthread_cond_wait(&connection->delivered, &connection->mutex);
}
