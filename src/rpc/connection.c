#include "rpc/connection.h"
#include "base/clock.h"
#include "rpc/h2.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A thread that waits for a stream while another one reads. */
struct ctd_waiter {
  pthread_cond_t changed;
  const struct ctd_h2 *h2;
  struct ctd_waiter *next, **link;
};

static int connect_failed(const char *path, int errnum, struct ctd_error *err) {
  ctd_error_errno(err, errnum, "connect to %s", path);
  if (errnum == ENOENT || errnum == ENOTDIR)
    err->code = CTD_NO_SUCH_SOCKET;
  return -1;
}

static int socket_connect(int *fd, const char *path, struct ctd_error *err) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "connect to %s: a socket's path has at most %zu bytes", path,
                         sizeof address.sun_path - 1);
  memcpy(address.sun_path, path, strlen(path) + 1);
  *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (*fd >= 0 && !connect(*fd, (struct sockaddr *)&address, sizeof address))
    return 0;
  int errnum = errno;
  if (*fd >= 0)
    close(*fd);
  return connect_failed(path, errnum, err);
}

static void connection_free(struct ctd_connection *connection) {
  nghttp2_session_del(connection->session);
  pthread_cond_destroy(&connection->delivered);
  pthread_mutex_destroy(&connection->mutex);
  free(connection);
}

int ctd_connection_open(struct ctd_connection **out, const char *path, struct ctd_error *err) {
  struct ctd_connection *connection = calloc(1, sizeof *connection);
  *out = NULL;
  if (!connection)
    return ctd_error_nomem(err);
  atomic_init(&connection->references, 1);
  pthread_mutex_init(&connection->mutex, NULL);
  pthread_cond_init(&connection->delivered, NULL);
  connection->timer = -1;
  connection->timer_at = INFINITY;
  if (ctd_h2_session(connection, err) || socket_connect(&connection->fd, path, err)) {
    connection_free(connection);
    return -1;
  }
  *out = connection;
  return 0;
}

struct ctd_connection *ctd_connection_ref(struct ctd_connection *connection) {
  atomic_fetch_add(&connection->references, 1);
  return connection;
}

static void dispose(struct ctd_poller_job *job) {
  connection_free((struct ctd_connection *)((char *)job - offsetof(struct ctd_connection, dispose)));
}

void ctd_connection_unref(struct ctd_connection *connection) {
  if (!connection || atomic_fetch_sub(&connection->references, 1) > 1)
    return;
  if (connection->is_polled)
    ctd_poller_remove(connection->fd);
  close(connection->fd);
  if (connection->timer >= 0) {
    ctd_poller_remove(connection->timer);
    close(connection->timer);
  }
  connection->dispose.run = dispose;
  if (connection->is_polled)
    ctd_poller_post(&connection->dispose);
  else
    connection_free(connection);
}

/* Nothing more comes, or goes. */
static void connection_end(struct ctd_connection *connection, const char *reason) {
  if (connection->ended)
    return;
  connection->ended = true;
  snprintf(connection->reason, sizeof connection->reason, "%s", reason);
  shutdown(connection->fd, SHUT_RDWR);
  ctd_h2_end_all(connection);
}

static void connection_broke(struct ctd_connection *connection, int errnum) {
  char text[128], reason[160];
  snprintf(reason, sizeof reason, "the connection broke: %s", strerror_r(errnum, text, sizeof text));
  connection_end(connection, errnum == EPIPE || errnum == ECONNRESET ? "the daemon closed the connection" : reason);
}

/* Whether the socket has taken all. */
static bool connection_write(struct ctd_connection *connection) {
  while (connection->out_begin < connection->out_size && !connection->ended) {
    ssize_t count = send(connection->fd, connection->out + connection->out_begin,
                         connection->out_size - connection->out_begin, MSG_NOSIGNAL);
    if (count < 0 && errno == EAGAIN)
      return false;
    if (count < 0 && errno != EINTR)
      connection_broke(connection, errno);
    if (count > 0) {
      connection->out_begin += (size_t)count;
      connection->written += (size_t)count;
    }
  }
  connection->out_begin = connection->out_size = 0;
  return !connection->ended;
}

uint8_t *ctd_connection_reserve(struct ctd_connection *connection, size_t size) {
  connection->stalled = connection->out_size + size > sizeof connection->out && !connection_write(connection);
  if (connection->stalled)
    return NULL;
  uint8_t *room = connection->out + connection->out_size;
  connection->out_size += size;
  return room;
}

static void session_failed(struct ctd_connection *connection, int code) {
  char reason[160];
  snprintf(reason, sizeof reason, "the peer doesn't speak HTTP/2: %s", nghttp2_strerror(code));
  connection_end(connection, code == NGHTTP2_ERR_NOMEM ? "out of memory" : reason);
}

void ctd_connection_flush(struct ctd_connection *connection) {
  int result = 0;
  bool again = !connection->ended;
  while (again) {
    connection->stalled = false;
    result = nghttp2_session_send(connection->session);
    again = connection_write(connection) && !result && connection->stalled;
  }
  if (result)
    session_failed(connection, result);
  else if (!connection->ended && !nghttp2_session_want_read(connection->session) &&
           !nghttp2_session_want_write(connection->session))
    session_failed(connection, NGHTTP2_ERR_PROTO);
}

bool ctd_connection_is_flushed(const struct ctd_connection *connection) {
  return connection->ended || connection->out_begin == connection->out_size;
}

static void session_feed(struct ctd_connection *connection, size_t size) {
  ssize_t result = nghttp2_session_mem_recv(connection->session, connection->in, size);
  if (result < 0)
    session_failed(connection, (int)result);
}

void ctd_connection_drive(struct ctd_connection *connection) {
  ssize_t size = sizeof connection->in;
  while (size == (ssize_t)sizeof connection->in && !connection->ended) {
    size = recv(connection->fd, connection->in, sizeof connection->in, 0);
    if (size > 0)
      session_feed(connection, (size_t)size);
    else if (size == 0)
      connection_end(connection, "the daemon closed the connection");
    else if (errno != EAGAIN && errno != EINTR)
      connection_broke(connection, errno);
  }
  connection->read_at = ctd_now_monotonic();
}

/*
 * Waits for the socket: to read, if nobody does, and to write, if something waits for that. What is to be said to what
 * was read goes with the next request, or when somebody waits again: often that is one system call less. Others may
 * change what is waited for meanwhile, so it never lasts long.
 */
static void wait_and_drive(struct ctd_connection *connection, double seconds) {
  bool reads = !connection->driven;
  struct pollfd fd = {.fd = connection->fd, .events = reads ? POLLIN : 0};
  if (!ctd_connection_is_flushed(connection))
    fd.events |= POLLOUT;
  if (reads)
    connection->driven = true;
  ctd_connection_unlock(connection);
  int count = poll(&fd, 1, (int)ceil(fmin(seconds, CTD_SLICE) * 1e3));
  ctd_connection_lock(connection);
  if (!reads)
    return;
  connection->driven = false;
  if (count > 0)
    ctd_connection_drive(connection);
}

static void wait_for_driver(struct ctd_connection *connection, struct ctd_waiter *waiter, double end) {
  struct timespec until = {(time_t)end, (long)((end - floor(end)) * 1e9)};
  pthread_cond_clockwait(&waiter->changed, &connection->mutex, CLOCK_MONOTONIC, &until);
}

static void waiter_enter(struct ctd_connection *connection, struct ctd_waiter *waiter) {
  waiter->next = connection->waiters;
  waiter->link = &connection->waiters;
  if (waiter->next)
    waiter->next->link = &waiter->next;
  connection->waiters = waiter;
}

/* If nobody reads now, somebody else who waits has to. */
static void waiter_leave(struct ctd_connection *connection, struct ctd_waiter *waiter) {
  *waiter->link = waiter->next;
  if (waiter->next)
    waiter->next->link = waiter->link;
  if (connection->waiters && !connection->driven)
    pthread_cond_signal(&connection->waiters->changed);
}

bool ctd_connection_await(struct ctd_connection *connection, struct ctd_h2 *h2, bool (*ready)(const struct ctd_h2 *),
                          double seconds) {
  if (ready(h2))
    return true;
  struct ctd_waiter self = {.changed = PTHREAD_COND_INITIALIZER, .h2 = h2};
  double end = ctd_now_monotonic() + fmin(seconds, 1e6);
  waiter_enter(connection, &self);
  do {
    ctd_connection_flush(connection);
    if (ready(h2))
      break;
    if (connection->driven && ctd_connection_is_flushed(connection))
      wait_for_driver(connection, &self, end);
    else
      wait_and_drive(connection, fmax(0, end - ctd_now_monotonic()));
  } while (!ready(h2) && ctd_now_monotonic() < end);
  waiter_leave(connection, &self);
  return ready(h2);
}

void ctd_connection_wake(struct ctd_connection *connection, const struct ctd_h2 *h2) {
  for (struct ctd_waiter *waiter = connection->waiters; waiter; waiter = waiter->next)
    if (waiter->h2 == h2)
      pthread_cond_signal(&waiter->changed);
}
