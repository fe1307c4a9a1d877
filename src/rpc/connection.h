/*
 * One HTTP/2 connection to a unix socket (nghttp2; RFC 9113), which its streams (rpc/h2.h) share.
 *
 * Who reads: of the threads that wait for something on the connection one does, for all of them, and hands over when
 * it has what it waits for. So a call that a thread waits for is driven by that thread, with nobody in between. While
 * no thread waits, but streams are watched (they have a `notify`), the poller does.
 */
#ifndef CTD_RPC_CONNECTION_H
#define CTD_RPC_CONNECTION_H

#include "base/error.h"
#include "base/poller.h"
#include <nghttp2/nghttp2.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define CTD_CONNECTION_BUFFER ((size_t)64 << 10)

struct ctd_h2;

struct ctd_connection {
  atomic_int references;
  int fd;
  pthread_mutex_t mutex; /* guards what follows, and the streams */
  nghttp2_session *session;
  struct ctd_h2 *streams; /* all that haven't been freed */
  struct ctd_waiter *waiters;
  uint64_t written;           /* bytes that the socket has taken */
  size_t out_size, out_begin; /* what it hasn't yet: out[out_begin … out_size] */
  bool stalled;               /* the session has more to say than fits */
  double read_at;             /* when somebody read, on the monotonic clock */
  bool driven;                /* a thread reads, or waits for something to read */
  bool ended;
  bool is_polled; /* the poller knows the socket */

  /* What the poller is for. */
  bool delivering;                         /* it calls a `notify` */
  bool deliver_posted;                     /* it will look for news */
  int watched;                             /* streams with a `notify` that are still to be told */
  int timer;                               /* a timerfd; −1: none yet */
  uint32_t armed;                          /* what it waits for */
  double timer_at;                         /* when the timer rings; INFINITY: it doesn't */
  struct ctd_h2 *news;                     /* streams whose `notify` is to be called */
  pthread_cond_t delivered;                /* one has been called */
  struct ctd_poller_tag readable, expired; /* of the socket and of the timer */
  struct ctd_poller_job deliver, dispose;

  char reason[160]; /* why it has ended */
  uint8_t in[CTD_CONNECTION_BUFFER], out[CTD_CONNECTION_BUFFER];
};

/* Connects. The caller unrefs *out. CTD_NO_SUCH_SOCKET, CTD_CONNECTION_REFUSED, CTD_PERMISSION_DENIED and others. */
int ctd_connection_open(struct ctd_connection **out, const char *path, struct ctd_error *err);

struct ctd_connection *ctd_connection_ref(struct ctd_connection *connection);
void ctd_connection_unref(struct ctd_connection *connection); /* NULL is fine */

void ctd_connection_lock(struct ctd_connection *connection);
void ctd_connection_unlock(struct ctd_connection *connection);

/* What follows is for who has locked the connection. */

/* Writes what the session has to say, as far as the socket takes it. */
void ctd_connection_flush(struct ctd_connection *connection);

/* Whether the socket has taken all. */
bool ctd_connection_is_flushed(const struct ctd_connection *connection);

/* Waits, at most `seconds`, until `ready` holds for the stream; whether it does. Unlocks meanwhile. */
bool ctd_connection_await(struct ctd_connection *connection, struct ctd_h2 *h2, bool (*ready)(const struct ctd_h2 *),
                          double seconds);

/* Who waits for this stream should look again. */
void ctd_connection_wake(struct ctd_connection *connection, const struct ctd_h2 *h2);

/* From now on the poller reads when no thread does, and rings at this time, if that is earlier than it would. */
int ctd_connection_watch(struct ctd_connection *connection, double deadline, struct ctd_error *err);

/* Nobody is told of the stream any more. Waits while somebody is being told. */
void ctd_connection_unwatch(struct ctd_connection *connection, struct ctd_h2 *h2);

/* The watched stream's time has come. */
void ctd_connection_tell(struct ctd_connection *connection, struct ctd_h2 *h2);

/* Room for `size` bytes in `out`, at most what that holds; NULL if the socket has to take some first. */
uint8_t *ctd_connection_reserve(struct ctd_connection *connection, size_t size);

/* Reads what is there; to be flushed before anything is waited for. */
void ctd_connection_drive(struct ctd_connection *connection);

#endif
