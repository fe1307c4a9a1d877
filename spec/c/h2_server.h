/*
 * A small HTTP/2 server on a unix socket that answers gRPC calls as a test has it, right or wrong; with nghttp2, in a
 * thread of its own.
 *
 * What a method does is a function of the test, on the server's thread, or the test does it itself: whoever has locked
 * the server may call all of this. Any failure fails the test.
 */
#ifndef H2_SERVER_H
#define H2_SERVER_H

#include "base/buffer.h"
#include <nghttp2/nghttp2.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct h2_request {
  struct h2_request *next; /* the one that came before it */
  struct h2_connection *connection;
  int32_t id;
  char method[64], namespace[64], timeout[16];
  struct ctd_buffer in; /* what has come, as it came */
  bool ended;           /* no more will come */
  bool closed;          /* nor go; */
  uint32_t reason;      /* it was reset with that, if not 0 */

  struct ctd_buffer out; /* what is to go; */
  size_t sent;           /* so much of it has gone, */
  size_t frame;          /* at most so much in a frame. 0: as much as fits */
  bool answered, finished;
  const char *status, *message; /* of the end; NULL: none */
};

/* What a method does when a call is complete, or, `early`, whenever something of it comes. Others never answer. */
struct h2_method {
  const char *name; /* ended by a NULL */
  void (*act)(struct h2_request *request);
  bool early;
};

struct h2_server {
  const char *path;
  const struct h2_method *methods;
  const char *greeting;         /* what is said to who connects, in place of HTTP/2; NULL: HTTP/2 */
  uint32_t window, max_streams; /* settings; 0: the usual */

  int connected; /* how many connections came */
  int count;     /* how many requests */
  struct h2_request *requests;

  struct h2_connection *connections;
  pthread_t thread;
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  int listener, wake;
  bool stopping;
};

struct h2_connection {
  struct h2_connection *next;
  struct h2_server *server;
  nghttp2_session *session; /* NULL: it doesn't speak HTTP/2 */
  int fd;
  const uint8_t *out; /* the session's, until it's written; */
  size_t out_size;    /* so much is left */
  bool leaving, over;
};

/* `path`, `methods` and settings are the caller's; the rest is zero. */
void h2_server_start(struct h2_server *server);
void h2_server_stop(struct h2_server *server); /* closes its connections, and frees its requests */

void h2_server_lock(struct h2_server *server); /* it doesn't read meanwhile, either */
void h2_server_unlock(struct h2_server *server);
void h2_server_wait(struct h2_server *server); /* for anything to happen, at most 20 s; unlocks meanwhile */

/* How many connections, and requests, there were. These lock the server, as what follows. */
int h2_server_connected(struct h2_server *server);
int h2_server_count(struct h2_server *server);

/* Waits for the request of this number, from 1, that it ends, and that it's closed. */
struct h2_request *h2_server_await(struct h2_server *server, int number);
void h2_request_await_end(struct h2_server *server, struct h2_request *request);
void h2_request_await_close(struct h2_server *server, struct h2_request *request);

/* The parts of an answer: a message, or bytes as they are, for what has been begun or will be; and the end. */
void h2_answer(struct h2_request *request);
void h2_message(struct h2_request *request, const void *data, size_t size);
void h2_bytes(struct h2_request *request, const void *data, size_t size);
void h2_finish(struct h2_request *request, const char *status, const char *message); /* literals; NULL: without */

/* An answer that is only a head. */
void h2_refuse(struct h2_request *request, const char *http_status, const char *status, const char *message);
void h2_reset(struct h2_request *request, uint32_t reason);

/* Takes no more requests, and says so; or closes the connection when all is written. */
void h2_goaway(struct h2_connection *connection, int32_t last);
void h2_hang_up(struct h2_connection *connection);

/* For the server alone. */
void h2_session_open(struct h2_connection *connection);

#endif
