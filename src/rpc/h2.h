/*
 * A stream of an HTTP/2 connection that carries one gRPC call
 * (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md): messages there and back, and a status at the end.
 * It belongs to rpc/call.h and rpc/stream.h, which give it its meaning; several threads may use it.
 */
#ifndef CTD_RPC_H2_H
#define CTD_RPC_H2_H

#include "rpc/channel.h"
#include "rpc/wire.h"
#include <nghttp2/nghttp2.h>

/* A message that has come. */
struct ctd_message {
  struct ctd_message *next;
  size_t size, filled, capacity;
  uint8_t data[];
};

struct ctd_h2 {
  struct ctd_connection *connection;
  struct ctd_h2 *next, **link; /* of the connection's streams */
  int32_t id;
  bool is_closed;  /* the session knows nothing of it any more */
  bool is_reset;   /* or the peer is told that nobody wants the rest of it */
  bool closing;    /* the sending side ends after what is being sent */
  bool has_status; /* the status was told, but the call hasn't ended yet */
  bool ended;
  unsigned http_status, status;
  char *text; /* of the status; owned. NULL: none */

  const struct ctd_wire *sending; /* borrowed from who waits until it's sent; NULL: nothing */
  size_t sent;                    /* bytes of it */
  bool unsent;                    /* the call ended before something was sent wholly */

  struct ctd_message *messages, **messages_end, *partial;
  struct ctd_message *spare; /* one whose memory the next may have; NULL: none */
  size_t withheld;           /* bytes that the peer isn't told of as taken, since nobody takes the messages */
  size_t prefix_size;
  uint8_t prefix[CTD_WIRE_PREFIX];

  bool at_message;        /* `notify` is called when a message comes, too */
  bool is_news;           /* it is to be called */
  void (*notify)(void *); /* NULL: it isn't watched */
  void *notify_context;
  double deadline; /* at which it ends if it's watched */
  struct ctd_h2 *next_news;
};

/* How a stream is opened. */
struct ctd_h2_start {
  const struct ctd_target *target;
  const char *method;           /* a literal, "/package.Service/Method" */
  const struct ctd_wire *first; /* the first message, which must last until it's sent; NULL: none yet */
  bool closing;                 /* nothing follows it */
  double deadline;              /* on the monotonic clock; the daemon is told of it. INFINITY: none */
  void (*notify)(void *);       /* called once, on the poller's thread, when the call has ended; NULL: somebody waits */
  void *notify_context;
};

/* Opens one and writes as far as the socket takes it, without waiting. The caller frees *out. */
int ctd_h2_open(struct ctd_h2 **out, const struct ctd_h2_start *start, struct ctd_error *err);

/*
 * Ends what has to do with a call that has ended: 0 or −1 as its status was, with its first message in *answer, which
 * the caller frees (NULL: none).
 */
int ctd_h2_finish(struct ctd_h2 *h2, struct ctd_message **answer, struct ctd_error *err);

/* What is left of the call is cancelled. One with a `notify` must have ended and been told. */
void ctd_h2_free(struct ctd_h2 *h2);

/* Begins to send a message (NULL: none); after one that is `closing` none may follow. */
void ctd_h2_send(struct ctd_h2 *h2, const struct ctd_wire *message, bool closing);

/* Each waits at most `seconds`; whether it's so: the message is sent or won't be, an answer or the end is there, … */
bool ctd_h2_await_sent(struct ctd_h2 *h2, double seconds);
bool ctd_h2_await_message(struct ctd_h2 *h2, double seconds);
bool ctd_h2_await_end(struct ctd_h2 *h2, double seconds);

/* The next message, which the caller frees; NULL: none. */
struct ctd_message *ctd_h2_take(struct ctd_h2 *h2);

/* Instead of free, for messages of which more come: fresh memory for each costs more than what is done with them. */
void ctd_h2_recycle(struct ctd_h2 *h2, struct ctd_message *message);

/* Ends the call, if it hasn't; its status is this then. Any thread. */
void ctd_h2_cancel(struct ctd_h2 *h2, unsigned status, const char *text);

bool ctd_h2_ended(struct ctd_h2 *h2);

/* Whether what was to be sent last can't be any more, since the call has ended. */
bool ctd_h2_unsent(struct ctd_h2 *h2);

/* After the end: 0, or −1 with its reason. */
int ctd_h2_check(struct ctd_h2 *h2, struct ctd_error *err);

/* See ctd_stream_watch, for `at_message`, and ctd_call_watch. */
int ctd_h2_watch(struct ctd_h2 *h2, bool at_message, void (*notify)(void *), void *context, struct ctd_error *err);
void ctd_h2_unwatch(struct ctd_h2 *h2);

/* What follows is for the connection, while it's locked. */

/* Makes the connection's session, in rpc/h2_session.c; and what gives it the bytes of requests. */
int ctd_h2_session(struct ctd_connection *connection, struct ctd_error *err);
ssize_t ctd_h2_read(nghttp2_session *session, int32_t id, uint8_t *buffer, size_t size, uint32_t *flags,
                    nghttp2_data_source *source, void *context);

/* It has ended; `text` is copied, and NULL leaves the one that came. */
void ctd_h2_end(struct ctd_h2 *h2, unsigned status, const char *text);

/* Nobody wants what is left of it. */
void ctd_h2_reset(struct ctd_h2 *h2);

/* The connection has ended: so do they all. */
void ctd_h2_end_all(struct ctd_connection *connection);

/* Ends the watched ones whose deadline has come; when the next one comes. */
double ctd_h2_expire(struct ctd_connection *connection);

#endif
