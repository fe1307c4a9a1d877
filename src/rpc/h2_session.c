/* What nghttp2 calls while it writes and reads for a connection, which is locked then. */
#include "rpc/connection.h"
#include "rpc/h2.h"
#include "rpc/status.h"
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STREAM_WINDOW (1 << 20)
#define CONNECTION_WINDOW (16 << 20)
#define FRAME_HEAD 9 /* bytes (RFC 9113, 4.1) */

/* Beyond 64 KiB nghttp2 gives up the connection. A daemon that is told of a limit ends the one call. */
#define HEADERS_LIMIT (32 << 10)

static ssize_t on_send(nghttp2_session *session, const uint8_t *data, size_t size, int flags, void *context) {
  size_t part = size < CTD_CONNECTION_BUFFER ? size : CTD_CONNECTION_BUFFER;
  uint8_t *room = ctd_connection_reserve(context, part);
  (void)session;
  (void)flags;
  if (!room)
    return NGHTTP2_ERR_WOULDBLOCK;
  memcpy(room, data, part);
  return (ssize_t)part;
}

/* The next `size` bytes of what is being sent. */
static void wire_copy(struct ctd_h2 *h2, uint8_t *out, size_t size) {
  const struct ctd_wire *wire = h2->sending;
  size_t head = 0;
  if (h2->sent < wire->head_size) {
    head = wire->head_size - h2->sent < size ? wire->head_size - h2->sent : size;
    memcpy(out, wire->head + h2->sent, head);
  }
  if (size > head)
    memcpy(out + head, wire->data + (h2->sent + head - wire->head_size), size - head);
  h2->sent += size;
}

/* It isn't copied to nghttp2 first. */
static int on_send_data(nghttp2_session *session, nghttp2_frame *frame, const uint8_t *head, size_t size,
                        nghttp2_data_source *source, void *context) {
  struct ctd_h2 *h2 = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
  (void)source;
  if (!h2 || !h2->sending)
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  uint8_t *room = ctd_connection_reserve(context, FRAME_HEAD + size);
  if (!room)
    return NGHTTP2_ERR_WOULDBLOCK;
  memcpy(room, head, FRAME_HEAD);
  wire_copy(h2, room + FRAME_HEAD, size);
  if (h2->sent == h2->sending->head_size + h2->sending->data_size) {
    h2->sending = NULL;
    ctd_connection_wake(context, h2);
  }
  return 0;
}

ssize_t ctd_h2_read(nghttp2_session *session, int32_t id, uint8_t *buffer, size_t size, uint32_t *flags,
                    nghttp2_data_source *source, void *context) {
  const struct ctd_h2 *h2 = nghttp2_session_get_stream_user_data(session, id);
  (void)buffer;
  (void)source;
  (void)context;
  if (!h2)
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  if (!h2->sending) {
    *flags |= h2->closing ? NGHTTP2_DATA_FLAG_EOF : 0;
    return h2->closing ? 0 : NGHTTP2_ERR_DEFERRED;
  }
  size_t left = h2->sending->head_size + h2->sending->data_size - h2->sent;
  *flags |= NGHTTP2_DATA_FLAG_NO_COPY | (left <= size && h2->closing ? NGHTTP2_DATA_FLAG_EOF : 0);
  return (ssize_t)(left < size ? left : size);
}

/* The byte that "%0A" stands for; −1 if it isn't such a thing. */
static int byte_decode(const uint8_t *quoted, size_t left) {
  if (left < 3 || quoted[0] != '%' || !isxdigit(quoted[1]) || !isxdigit(quoted[2]))
    return -1;
  return (int)strtol((const char[]){(char)quoted[1], (char)quoted[2], '\0'}, NULL, 16);
}

/* gRPC quotes bytes of its texts. NULL when memory is short. */
static char *text_decode(const uint8_t *value, size_t size) {
  char *text = malloc(size + 1), *out = text;
  for (size_t i = 0; text && i < size; i++) {
    int byte = byte_decode(value + i, size - i);
    *out++ = (char)(byte < 0 ? value[i] : byte);
    i += byte < 0 ? 0 : 2;
  }
  if (text)
    *out = '\0';
  return text;
}

/* What is no number is no status. */
static unsigned status_parse(const char *value) {
  char *end;
  unsigned long status = strtoul(value, &end, 10);
  return end == value || *end || status > UINT_MAX ? CTD_STATUS_UNKNOWN : (unsigned)status;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_size,
                     const uint8_t *value, size_t size, uint8_t flags, void *context) {
  struct ctd_h2 *h2 = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
  (void)name_size;
  (void)flags;
  (void)context;
  if (!h2 || h2->ended)
    return 0;
  if (!strcmp((const char *)name, ":status")) {
    h2->http_status = (unsigned)strtoul((const char *)value, NULL, 10);
  } else if (!strcmp((const char *)name, "grpc-status")) {
    h2->has_status = true;
    h2->status = status_parse((const char *)value);
  } else if (!strcmp((const char *)name, "grpc-message")) {
    free(h2->text);
    h2->text = text_decode(value, size);
  }
  return 0;
}

static void h2_finish_http(struct ctd_h2 *h2) {
  char text[32];
  snprintf(text, sizeof text, "HTTP status %u", h2->http_status);
  ctd_h2_end(h2, ctd_status_of_http(h2->http_status), text);
}

/* The peer has said all that it will. */
static void h2_finish(struct ctd_h2 *h2) {
  if (h2->partial || h2->prefix_size)
    ctd_h2_end(h2, CTD_STATUS_INTERNAL, "the daemon ended the call in the middle of a message");
  else if (h2->has_status)
    ctd_h2_end(h2, h2->status, NULL);
  else if (h2->http_status == 200)
    ctd_h2_end(h2, CTD_STATUS_INTERNAL, "the daemon ended the call without a status");
  else
    h2_finish_http(h2);
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context) {
  struct ctd_h2 *h2 = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
  (void)context;
  if (h2 && (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
      frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
    h2_finish(h2);
  return 0;
}

static void h2_reset(struct ctd_h2 *h2, uint32_t reason) {
  char text[64];
  snprintf(text, sizeof text, "the daemon reset the call: %s", nghttp2_http2_strerror(reason));
  ctd_h2_end(h2, ctd_status_of_reset(reason), text);
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t reason, void *context) {
  struct ctd_h2 *h2 = nghttp2_session_get_stream_user_data(session, id);
  (void)context;
  if (!h2)
    return 0;
  h2->is_closed = true;
  if (!h2->ended)
    h2_reset(h2, reason);
  return 0;
}

static int message_refuse(struct ctd_h2 *h2, size_t size) {
  char text[96];
  snprintf(text, sizeof text, "a message of %zu bytes, more than %d", size, CTD_MESSAGE_LIMIT);
  ctd_h2_end(h2, CTD_STATUS_RESOURCE_EXHAUSTED, text);
  return -1;
}

/* NULL when memory is short. */
static struct ctd_message *message_new(struct ctd_h2 *h2, size_t size) {
  struct ctd_message *message = h2->spare;
  h2->spare = NULL;
  if (!message || message->capacity < size) {
    free(message);
    message = malloc(sizeof *message + size);
    if (!message)
      return NULL;
    message->capacity = size;
  }
  message->next = NULL;
  message->size = size;
  message->filled = 0;
  return message;
}

/* The next message begins; its prefix is there. */
static int message_begin(struct ctd_h2 *h2) {
  size_t size = ctd_wire_length(h2->prefix);
  h2->prefix_size = 0;
  if (size > CTD_MESSAGE_LIMIT)
    return message_refuse(h2, size);
  if (h2->prefix[0])
    ctd_h2_end(h2, CTD_STATUS_INTERNAL, "a compressed message, which wasn't asked for");
  else if (!(h2->partial = message_new(h2, size)))
    ctd_h2_end(h2, CTD_STATUS_RESOURCE_EXHAUSTED, "out of memory");
  return h2->ended ? -1 : 0;
}

static void message_end(struct ctd_h2 *h2) {
  *h2->messages_end = h2->partial;
  h2->messages_end = &h2->partial->next;
  h2->partial = NULL;
  if (h2->at_message)
    ctd_connection_tell(h2->connection, h2);
  ctd_connection_wake(h2->connection, h2);
}

static size_t take_part(uint8_t *out, size_t filled, size_t wanted, const uint8_t *data, size_t size) {
  size_t part = wanted - filled < size ? wanted - filled : size;
  memcpy(out + filled, data, part);
  return part;
}

/* −1: the call ends for what came. */
static int h2_feed(struct ctd_h2 *h2, const uint8_t *data, size_t size) {
  size_t part;
  do {
    if (!h2->partial) {
      part = take_part(h2->prefix, h2->prefix_size, CTD_WIRE_PREFIX, data, size);
      h2->prefix_size += part;
      if (h2->prefix_size == CTD_WIRE_PREFIX && message_begin(h2))
        return -1;
    } else {
      part = take_part(h2->partial->data, h2->partial->filled, h2->partial->size, data, size);
      h2->partial->filled += part;
    }
    data += part;
    size -= part;
    if (h2->partial && h2->partial->filled == h2->partial->size)
      message_end(h2);
  } while (size);
  return 0;
}

/* While messages wait to be taken, their bytes are held back from the peer, which stops at the end of its window. */
static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data, size_t size,
                   void *context) {
  struct ctd_h2 *h2 = nghttp2_session_get_stream_user_data(session, id);
  (void)flags;
  (void)context;
  nghttp2_session_consume_connection(session, size);
  if (h2 && !h2->ended && h2_feed(h2, data, size))
    ctd_h2_reset(h2);
  if (h2 && h2->messages)
    h2->withheld += size;
  else
    nghttp2_session_consume_stream(session, id, size);
  return 0;
}

static void callbacks_set(nghttp2_session_callbacks *callbacks) {
  nghttp2_session_callbacks_set_send_callback(callbacks, on_send);
  nghttp2_session_callbacks_set_send_data_callback(callbacks, on_send_data);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
}

static int settings_submit(nghttp2_session *session) {
  static const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, HEADERS_LIMIT},
  };
  return nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, sizeof settings / sizeof *settings) ||
         nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW);
}

int ctd_h2_session(struct ctd_connection *connection, struct ctd_error *err) {
  nghttp2_session_callbacks *callbacks = NULL;
  nghttp2_option *options = NULL;
  int result = -1;
  if (!nghttp2_session_callbacks_new(&callbacks) && !nghttp2_option_new(&options)) {
    callbacks_set(callbacks);
    nghttp2_option_set_no_auto_window_update(options, 1);
    result = nghttp2_session_client_new2(&connection->session, callbacks, connection, options) ||
             settings_submit(connection->session);
  }
  nghttp2_option_del(options);
  nghttp2_session_callbacks_del(callbacks);
  return result ? ctd_error_nomem(err) : 0;
}
