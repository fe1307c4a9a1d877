/* The requests that a connection of the server gets, and what is answered to them. */
#include "h2_server.h"

#include <stdlib.h>
#include <string.h>

static void check(bool holds) {
  if (!holds)
    abort();
}

static void request_append(struct ctd_buffer *buffer, const void *data, size_t size) {
  struct ctd_error err = {0};
  check(!ctd_buffer_append(buffer, data, size, &err));
}

static nghttp2_nv header(const char *name, const char *value) {
  return (nghttp2_nv){(uint8_t *)name, (uint8_t *)value, strlen(name), strlen(value), NGHTTP2_NV_FLAG_NONE};
}

static size_t status_headers(nghttp2_nv *headers, const char *status, const char *message) {
  size_t count = 0;
  if (status)
    headers[count++] = header("grpc-status", status);
  if (message)
    headers[count++] = header("grpc-message", message);
  return count;
}

static ssize_t on_read(nghttp2_session *session, int32_t id, uint8_t *buffer, size_t size, uint32_t *flags,
                       nghttp2_data_source *source, void *context) {
  struct h2_request *request = source->ptr;
  size_t left = request->out.size - request->sent, part = left < size ? left : size;
  nghttp2_nv trailers[2];
  (void)context;
  if (request->frame && part > request->frame)
    part = request->frame;
  if (part)
    memcpy(buffer, request->out.data + request->sent, part);
  request->sent += part;
  if (request->sent < request->out.size || !request->finished)
    return part ? (ssize_t)part : NGHTTP2_ERR_DEFERRED;
  *flags |= NGHTTP2_DATA_FLAG_EOF;
  if (request->status) {
    *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    nghttp2_submit_trailer(session, id, trailers, status_headers(trailers, request->status, request->message));
  }
  return (ssize_t)part;
}

void h2_answer(struct h2_request *request) {
  const nghttp2_nv headers[] = {header(":status", "200"), header("content-type", "application/grpc")};
  const nghttp2_data_provider body = {{.ptr = request}, on_read};
  if (!request->answered && !request->closed)
    nghttp2_submit_response(request->connection->session, request->id, headers, 2, &body);
  request->answered = true;
}

static void request_resume(struct h2_request *request) {
  if (request->answered && !request->closed)
    nghttp2_session_resume_data(request->connection->session, request->id);
}

void h2_bytes(struct h2_request *request, const void *data, size_t size) {
  request_append(&request->out, data, size);
  request_resume(request);
}

void h2_message(struct h2_request *request, const void *data, size_t size) {
  const uint8_t prefix[] = {0, (uint8_t)(size >> 24), (uint8_t)(size >> 16), (uint8_t)(size >> 8), (uint8_t)size};
  request_append(&request->out, prefix, sizeof prefix);
  h2_bytes(request, data, size);
}

void h2_finish(struct h2_request *request, const char *status, const char *message) {
  request->finished = true;
  request->status = status;
  request->message = message;
  h2_answer(request);
  request_resume(request);
}

void h2_refuse(struct h2_request *request, const char *http_status, const char *status, const char *message) {
  nghttp2_nv headers[4] = {header(":status", http_status), header("content-type", "application/grpc")};
  request->answered = true;
  nghttp2_submit_response(request->connection->session, request->id, headers,
                          2 + status_headers(headers + 2, status, message), NULL);
}

void h2_reset(struct h2_request *request, uint32_t reason) {
  nghttp2_submit_rst_stream(request->connection->session, NGHTTP2_FLAG_NONE, request->id, reason);
}

void h2_goaway(struct h2_connection *connection, int32_t last) {
  nghttp2_submit_goaway(connection->session, NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, NULL, 0);
}

void h2_hang_up(struct h2_connection *connection) {
  connection->leaving = true;
}

static void request_act(struct h2_request *request) {
  for (const struct h2_method *method = request->connection->server->methods; method->name; method++)
    if (!strcmp(method->name, request->method) && (request->ended || method->early))
      method->act(request);
}

static int on_begin(nghttp2_session *session, const nghttp2_frame *frame, void *context) {
  struct h2_connection *connection = context;
  struct h2_server *server = connection->server;
  if (frame->headers.cat != NGHTTP2_HCAT_REQUEST)
    return 0;
  struct h2_request *request = calloc(1, sizeof *request);
  check(request);
  request->connection = connection;
  request->id = frame->hd.stream_id;
  request->next = server->requests;
  server->requests = request;
  server->count++;
  return nghttp2_session_set_stream_user_data(session, request->id, request);
}

static void keep(char *out, size_t room, const uint8_t *value, size_t size) {
  check(size < room);
  memcpy(out, value, size);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_size,
                     const uint8_t *value, size_t size, uint8_t flags, void *context) {
  struct h2_request *request = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
  (void)name_size, (void)flags, (void)context;
  if (!strcmp((const char *)name, ":path"))
    keep(request->method, sizeof request->method, value, size);
  else if (!strcmp((const char *)name, "containerd-namespace"))
    keep(request->namespace, sizeof request->namespace, value, size);
  else if (!strcmp((const char *)name, "grpc-timeout"))
    keep(request->timeout, sizeof request->timeout, value, size);
  return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data, size_t size,
                   void *context) {
  struct h2_request *request = nghttp2_session_get_stream_user_data(session, id);
  (void)flags, (void)context;
  request_append(&request->in, data, size);
  return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context) {
  struct h2_request *request = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
  (void)context;
  if (!request || (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA))
    return 0;
  request->ended = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
  request_act(request);
  return 0;
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t reason, void *context) {
  struct h2_request *request = nghttp2_session_get_stream_user_data(session, id);
  (void)context;
  if (request) {
    request->closed = true;
    request->reason = reason;
  }
  return 0;
}

void h2_session_open(struct h2_connection *connection) {
  const struct h2_server *server = connection->server;
  nghttp2_session_callbacks *callbacks;
  nghttp2_option *options;
  nghttp2_settings_entry settings[2];
  size_t count = 0;
  check(!nghttp2_session_callbacks_new(&callbacks));
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
  check(!nghttp2_option_new(&options));
  nghttp2_option_set_max_send_header_block_length(options, 1 << 20);
  check(!nghttp2_session_server_new2(&connection->session, callbacks, connection, options));
  nghttp2_option_del(options);
  nghttp2_session_callbacks_del(callbacks);
  if (server->window)
    settings[count++] = (nghttp2_settings_entry){NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, server->window};
  if (server->max_streams)
    settings[count++] = (nghttp2_settings_entry){NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, server->max_streams};
  nghttp2_submit_settings(connection->session, NGHTTP2_FLAG_NONE, settings, count);
  if (server->window > NGHTTP2_INITIAL_CONNECTION_WINDOW_SIZE)
    nghttp2_session_set_local_window_size(connection->session, NGHTTP2_FLAG_NONE, 0, (int32_t)server->window);
}
