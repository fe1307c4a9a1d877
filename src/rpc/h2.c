#include "rpc/h2.h"
#include "base/clock.h"
#include "rpc/connection.h"
#include "rpc/status.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IDLE 1.0 /* seconds */

enum outcome { STARTED, STALE, FAILED };

void ctd_h2_end(struct ctd_h2 *h2, unsigned status, const char *text) {
  if (h2->ended)
    return;
  h2->ended = true;
  h2->status = status;
  h2->unsent = h2->sending;
  h2->sending = NULL;
  if (text) {
    free(h2->text);
    h2->text = strdup(text);
  }
  ctd_connection_tell(h2->connection, h2);
  ctd_connection_wake(h2->connection, h2);
}

/*
 * Only once: it may be one of too many and not have begun, which nghttp2 takes back the first time; the second time it
 * tells the peer, for whom it's an error of the connection.
 */
void ctd_h2_reset(struct ctd_h2 *h2) {
  if (!h2->is_reset && !h2->is_closed)
    nghttp2_submit_rst_stream(h2->connection->session, NGHTTP2_FLAG_NONE, h2->id, NGHTTP2_CANCEL);
  h2->is_reset = true;
}

void ctd_h2_end_all(struct ctd_connection *connection) {
  for (struct ctd_h2 *h2 = connection->streams; h2; h2 = h2->next)
    ctd_h2_end(h2, CTD_STATUS_UNAVAILABLE, connection->reason);
}

/* gRPC's format: at most eight digits and a unit. */
static bool timeout_format(char *out, size_t size, double seconds) {
  static const struct {
    double seconds;
    char unit;
  } units[] = {{1e-6, 'u'}, {1e-3, 'm'}, {1, 'S'}};
  for (size_t i = 0; i < sizeof units / sizeof *units; i++)
    if (seconds / units[i].seconds < 99999999) {
      snprintf(out, size, "%.0f%c", fmax(1, ceil(seconds / units[i].seconds)), units[i].unit);
      return true;
    }
  return false;
}

static nghttp2_nv header(const char *name, const char *value, uint8_t flags) {
  return (nghttp2_nv){(uint8_t *)name, (uint8_t *)value, strlen(name), strlen(value),
                      (uint8_t)(flags | NGHTTP2_NV_FLAG_NO_COPY_NAME)};
}

/* A timeout is another each time, and not worth a place in the table of headers that the peer keeps. */
static int32_t request_submit(struct ctd_h2 *h2, const struct ctd_h2_start *start) {
  const nghttp2_data_provider body = {.read_callback = ctd_h2_read};
  const struct ctd_target *target = start->target;
  char timeout[32];
  size_t count = 0;
  nghttp2_nv headers[9];
  headers[count++] = header(":method", "POST", NGHTTP2_NV_FLAG_NO_COPY_VALUE);
  headers[count++] = header(":scheme", "http", NGHTTP2_NV_FLAG_NO_COPY_VALUE);
  headers[count++] = header(":path", start->method, NGHTTP2_NV_FLAG_NO_COPY_VALUE);
  headers[count++] = header(":authority", "localhost", NGHTTP2_NV_FLAG_NO_COPY_VALUE);
  headers[count++] = header("te", "trailers", NGHTTP2_NV_FLAG_NO_COPY_VALUE);
  headers[count++] = header("content-type", "application/grpc", NGHTTP2_NV_FLAG_NO_COPY_VALUE);
  if (timeout_format(timeout, sizeof timeout, start->deadline - ctd_now_monotonic()))
    headers[count++] = header("grpc-timeout", timeout, NGHTTP2_NV_FLAG_NO_INDEX);
  if (target->namespace)
    headers[count++] = header("containerd-namespace", target->namespace, 0);
  if (target->lease)
    headers[count++] = header("containerd-lease", target->lease, 0);
  return nghttp2_submit_request(h2->connection->session, NULL, headers, count, &body, h2);
}

static void streams_enter(struct ctd_connection *connection, struct ctd_h2 *h2) {
  h2->next = connection->streams;
  h2->link = &connection->streams;
  if (h2->next)
    h2->next->link = &h2->next;
  connection->streams = h2;
}

static void streams_leave(struct ctd_h2 *h2) {
  *h2->link = h2->next;
  if (h2->next)
    h2->next->link = h2->link;
}

/*
 * A connection may have ended, or be about to, without anybody having read that, for which one looks where it was idle.
 * Where it takes none of the request, that can safely be made on another.
 */
static enum outcome request_start(struct ctd_h2 *h2, const struct ctd_h2_start *start, struct ctd_error *err) {
  struct ctd_connection *connection = h2->connection;
  if (!connection->driven && ctd_now_monotonic() - connection->read_at > IDLE)
    ctd_connection_drive(connection);
  if (connection->ended || !nghttp2_session_check_request_allowed(connection->session))
    return STALE;
  if (start->notify && ctd_connection_watch(connection, start->deadline, err))
    return FAILED;
  uint64_t before = connection->written + (connection->out_size - connection->out_begin);
  h2->id = request_submit(h2, start);
  if (h2->id == NGHTTP2_ERR_NOMEM)
    ctd_error_nomem(err);
  if (h2->id < 0)
    return h2->id == NGHTTP2_ERR_NOMEM ? FAILED : STALE;
  ctd_connection_flush(connection);
  return connection->ended && connection->written <= before ? STALE : STARTED;
}

static struct ctd_h2 *h2_new(struct ctd_connection *connection, const struct ctd_h2_start *start,
                             struct ctd_error *err) {
  struct ctd_h2 *h2 = calloc(1, sizeof *h2);
  if (!h2) {
    ctd_error_nomem(err);
    return NULL;
  }
  h2->connection = ctd_connection_ref(connection);
  h2->messages_end = &h2->messages;
  h2->sending = start->first;
  h2->closing = start->closing;
  h2->deadline = start->deadline;
  return h2;
}

static void h2_free(struct ctd_h2 *h2) {
  for (struct ctd_message *message = h2->messages, *next; message; message = next) {
    next = message->next;
    free(message);
  }
  ctd_connection_unref(h2->connection);
  free(h2->partial);
  free(h2->spare);
  free(h2->text);
  free(h2);
}

static void h2_notify(struct ctd_h2 *h2, void (*notify)(void *), void *context) {
  h2->notify = notify;
  h2->notify_context = context;
  h2->connection->watched++;
}

static enum outcome h2_try(struct ctd_h2 **out, struct ctd_connection *connection, const struct ctd_h2_start *start,
                           struct ctd_error *err) {
  struct ctd_h2 *h2 = h2_new(connection, start, err);
  if (!h2)
    return FAILED;
  ctd_connection_lock(connection);
  streams_enter(connection, h2);
  enum outcome outcome = request_start(h2, start, err);
  if (outcome != STARTED)
    streams_leave(h2);
  else if (start->notify)
    h2_notify(h2, start->notify, start->notify_context);
  if (outcome == STARTED && h2->ended)
    ctd_connection_tell(connection, h2);
  ctd_connection_unlock(connection);
  if (outcome == STARTED)
    *out = h2;
  else
    h2_free(h2);
  return outcome;
}

int ctd_h2_open(struct ctd_h2 **out, const struct ctd_h2_start *start, struct ctd_error *err) {
  struct ctd_connection *connection = NULL;
  enum outcome outcome = STALE;
  for (int attempt = 0; attempt < 2 && outcome == STALE; attempt++)
    if (ctd_channel_connection(start->target->channel, &connection, err))
      outcome = FAILED;
    else
      outcome = h2_try(out, connection, start, err);
  if (outcome == STALE)
    ctd_status_check(CTD_STATUS_UNAVAILABLE, *connection->reason ? connection->reason : "it takes no more calls", err);
  ctd_connection_unref(connection);
  return outcome == STARTED ? 0 : -1;
}

void ctd_h2_send(struct ctd_h2 *h2, const struct ctd_wire *message, bool closing) {
  ctd_connection_lock(h2->connection);
  h2->unsent = h2->ended;
  if (!h2->ended && !h2->closing) {
    h2->sending = message;
    h2->sent = 0;
    h2->closing = closing;
    nghttp2_session_resume_data(h2->connection->session, h2->id); /* fails where nothing has to be resumed */
    ctd_connection_flush(h2->connection);
  }
  ctd_connection_unlock(h2->connection);
}

static bool is_sent(const struct ctd_h2 *h2) {
  return h2->ended || (!h2->sending && ctd_connection_is_flushed(h2->connection));
}

static bool has_message(const struct ctd_h2 *h2) {
  return h2->ended || h2->messages;
}

static bool has_ended(const struct ctd_h2 *h2) {
  return h2->ended;
}

static bool h2_await(struct ctd_h2 *h2, bool (*ready)(const struct ctd_h2 *), double seconds) {
  ctd_connection_lock(h2->connection);
  bool is_ready = ctd_connection_await(h2->connection, h2, ready, seconds);
  ctd_connection_unlock(h2->connection);
  return is_ready;
}

bool ctd_h2_await_sent(struct ctd_h2 *h2, double seconds) {
  return h2_await(h2, is_sent, seconds);
}

bool ctd_h2_await_message(struct ctd_h2 *h2, double seconds) {
  return h2_await(h2, has_message, seconds);
}

bool ctd_h2_await_end(struct ctd_h2 *h2, double seconds) {
  return h2_await(h2, has_ended, seconds);
}

static struct ctd_message *message_take(struct ctd_h2 *h2) {
  struct ctd_message *message = h2->messages;
  if (!message)
    return NULL;
  h2->messages = message->next;
  if (h2->messages)
    return message;
  h2->messages_end = &h2->messages;
  if (h2->withheld && !h2->is_closed && !h2->connection->ended) {
    nghttp2_session_consume_stream(h2->connection->session, h2->id, h2->withheld);
    ctd_connection_flush(h2->connection);
  }
  h2->withheld = 0;
  return message;
}

/* The session forgets it. Unlocks. */
static void h2_leave(struct ctd_h2 *h2) {
  struct ctd_connection *connection = h2->connection;
  streams_leave(h2);
  if (!h2->is_closed && !connection->ended) {
    nghttp2_session_set_stream_user_data(connection->session, h2->id, NULL);
    ctd_h2_reset(h2);
    ctd_connection_flush(connection);
  }
  ctd_connection_unlock(connection);
  h2_free(h2);
}

void ctd_h2_free(struct ctd_h2 *h2) {
  ctd_connection_lock(h2->connection);
  h2_leave(h2);
}

struct ctd_message *ctd_h2_take(struct ctd_h2 *h2) {
  ctd_connection_lock(h2->connection);
  struct ctd_message *message = message_take(h2);
  ctd_connection_unlock(h2->connection);
  return message;
}

void ctd_h2_recycle(struct ctd_h2 *h2, struct ctd_message *message) {
  ctd_connection_lock(h2->connection);
  struct ctd_message *old = h2->spare;
  h2->spare = message;
  ctd_connection_unlock(h2->connection);
  free(old);
}

static void h2_cancel(struct ctd_h2 *h2, unsigned status, const char *text) {
  if (h2->ended)
    return;
  ctd_h2_reset(h2);
  ctd_h2_end(h2, status, text);
}

void ctd_h2_cancel(struct ctd_h2 *h2, unsigned status, const char *text) {
  ctd_connection_lock(h2->connection);
  h2_cancel(h2, status, text);
  ctd_connection_flush(h2->connection);
  ctd_connection_unlock(h2->connection);
}

double ctd_h2_expire(struct ctd_connection *connection) {
  double now = ctd_now_monotonic(), next = INFINITY;
  for (struct ctd_h2 *h2 = connection->streams; h2; h2 = h2->next)
    if (h2->notify && now >= h2->deadline)
      h2_cancel(h2, CTD_STATUS_DEADLINE_EXCEEDED, "timed out");
    else if (h2->notify)
      next = fmin(next, h2->deadline);
  return next;
}

bool ctd_h2_ended(struct ctd_h2 *h2) {
  ctd_connection_lock(h2->connection);
  bool ended = h2->ended;
  ctd_connection_unlock(h2->connection);
  return ended;
}

bool ctd_h2_unsent(struct ctd_h2 *h2) {
  ctd_connection_lock(h2->connection);
  bool unsent = h2->unsent;
  ctd_connection_unlock(h2->connection);
  return unsent;
}

static int h2_check(const struct ctd_h2 *h2, struct ctd_error *err) {
  return ctd_status_check(h2->status, h2->text ? h2->text : "", err);
}

int ctd_h2_check(struct ctd_h2 *h2, struct ctd_error *err) {
  ctd_connection_lock(h2->connection);
  int result = h2_check(h2, err);
  ctd_connection_unlock(h2->connection);
  return result;
}

/* All under one lock: the threads of a busy connection would else meet at each step. */
int ctd_h2_finish(struct ctd_h2 *h2, struct ctd_message **answer, struct ctd_error *err) {
  ctd_connection_lock(h2->connection);
  int result = h2_check(h2, err);
  *answer = message_take(h2);
  h2_leave(h2);
  return result;
}

int ctd_h2_watch(struct ctd_h2 *h2, bool at_message, void (*notify)(void *), void *context, struct ctd_error *err) {
  ctd_connection_lock(h2->connection);
  int result = ctd_connection_watch(h2->connection, h2->deadline, err);
  if (!result) {
    h2_notify(h2, notify, context);
    h2->at_message = at_message;
    if (at_message ? has_message(h2) : has_ended(h2))
      ctd_connection_tell(h2->connection, h2);
  }
  ctd_connection_unlock(h2->connection);
  return result;
}

void ctd_h2_unwatch(struct ctd_h2 *h2) {
  ctd_connection_lock(h2->connection);
  ctd_connection_unwatch(h2->connection, h2);
  ctd_connection_unlock(h2->connection);
}
