#include "rpc_fixture.h"

#include "cmocka_all.h"
#include "scratch.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct rpc rpc;

static void channel_open(void) {
  if (ctd_channel_open(&rpc.channel, rpc.path, &rpc.err))
    fail_msg("%s", rpc.err.message);
  rpc.target = (struct ctd_target){.channel = rpc.channel, .namespace = "test"};
}

void rpc_channel_close(void) {
  ctd_channel_unref(rpc.channel);
  rpc.channel = NULL;
}

int rpc_set_up(void **state) {
  (void)state;
  rpc.directory = scratch_new();
  rpc.path = ctd_format(&rpc.err, "%s/socket", rpc.directory);
  rpc.server = (struct h2_server){.path = rpc.path, .methods = rpc.server.methods};
  h2_server_start(&rpc.server);
  ctd_scope_init(&rpc.scope, 20);
  channel_open();
  return 0;
}

static void reply_free(void) {
  if (rpc.reply)
    google__protobuf__bytes_value__free_unpacked(rpc.reply, NULL);
  rpc.reply = NULL;
}

int rpc_tear_down(void **state) {
  (void)state;
  reply_free();
  ctd_error_clear(&rpc.err);
  rpc_channel_close();
  h2_server_stop(&rpc.server);
  scratch_remove(rpc.directory);
  free(rpc.path);
  return 0;
}

void rpc_restart(struct h2_server settings) {
  rpc_channel_close();
  h2_server_stop(&rpc.server);
  settings.path = rpc.path;
  settings.methods = rpc.server.methods;
  rpc.server = settings;
  h2_server_start(&rpc.server);
  channel_open();
}

void rpc_echo(struct h2_request *request) {
  h2_answer(request);
  h2_bytes(request, request->in.data + request->out.size, request->in.size - request->out.size);
  if (request->ended)
    h2_finish(request, "0", NULL);
}

void rpc_echo_now(int number) {
  struct h2_request *request = h2_server_await(&rpc.server, number);
  h2_request_await_end(&rpc.server, request);
  h2_server_lock(&rpc.server);
  rpc_echo(request);
  h2_server_unlock(&rpc.server);
}

BytesValue bytes_value(const void *data, size_t size) {
  BytesValue value = GOOGLE__PROTOBUF__BYTES_VALUE__INIT;
  value.value = (ProtobufCBinaryData){size, (uint8_t *)data};
  return value;
}

int rpc_call_within(struct ctd_scope *scope, const char *method, const char *text) {
  BytesValue request = bytes_value(text, strlen(text));
  reply_free();
  ctd_error_clear(&rpc.err);
  return ctd_call(&rpc.target, method, &request.base, &bytes_type, (ProtobufCMessage **)&rpc.reply, scope, &rpc.err);
}

int rpc_call(const char *method, const char *text) {
  return rpc_call_within(&rpc.scope, method, text);
}

void rpc_start(struct ctd_scope *scope, double seconds, const char *method, struct flag *flag) {
  ctd_scope_init(scope, seconds);
  scope->nowait = true;
  scope->notify = flag ? flag_raise : NULL;
  scope->notify_context = flag;
  assert_int_equal(rpc_call_within(scope, method, method), CTD_PENDING);
}

int rpc_finish(struct ctd_scope *scope, const char *method) {
  while (!ctd_call_wait(scope->call, 0.05))
    continue;
  return rpc_call_within(scope, method, method);
}

static void check_text(const BytesValue *value, const char *expected) {
  if (!value)
    fail_msg("no answer instead of \"%s\"", expected);
  assert_int_equal(value->value.len, strlen(expected));
  if (*expected)
    assert_memory_equal(value->value.data, expected, strlen(expected));
}

void rpc_check_reply(int result, const char *expected) {
  if (result)
    fail_msg("%s: %s", ctd_code_name(rpc.err.code), rpc.err.message);
  check_text(rpc.reply, expected);
}

void rpc_check_failure(int result, enum ctd_code code, const char *expected) {
  assert_int_equal(result, -1);
  if (rpc.err.code != code || !strstr(rpc.err.message, expected))
    fail_msg("%s: %s", ctd_code_name(rpc.err.code), rpc.err.message);
  ctd_error_clear(&rpc.err);
}

struct ctd_stream *rpc_stream(const char *method) {
  struct ctd_stream *stream;
  if (ctd_stream_open(&stream, &rpc.target, method, &bytes_type, &rpc.scope, &rpc.err))
    fail_msg("%s: %s", ctd_code_name(rpc.err.code), rpc.err.message);
  return stream;
}

void rpc_send(struct ctd_stream *stream, const char *text) {
  BytesValue value = bytes_value(text, strlen(text));
  if (ctd_stream_send(stream, &value.base, &rpc.err))
    fail_msg("%s: %s", ctd_code_name(rpc.err.code), rpc.err.message);
}

static BytesValue *receive(struct ctd_stream *stream) {
  ProtobufCMessage *reply;
  if (ctd_stream_receive(stream, &reply, &rpc.err))
    fail_msg("%s: %s", ctd_code_name(rpc.err.code), rpc.err.message);
  return (BytesValue *)reply;
}

void rpc_receive(struct ctd_stream *stream, const char *expected) {
  BytesValue *value = receive(stream);
  check_text(value, expected);
  google__protobuf__bytes_value__free_unpacked(value, NULL);
}

void rpc_receive_end(struct ctd_stream *stream) {
  assert_null(receive(stream));
}

void flag_raise(void *context) {
  struct flag *flag = context;
  pthread_mutex_lock(&flag->mutex);
  flag->count++;
  flag->thread = pthread_self();
  pthread_cond_broadcast(&flag->changed);
  pthread_mutex_unlock(&flag->mutex);
}

void flag_await(struct flag *flag, int count) {
  struct timespec until;
  int late = 0;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += 20;
  pthread_mutex_lock(&flag->mutex);
  while (flag->count < count && !late)
    late = pthread_cond_timedwait(&flag->changed, &flag->mutex, &until);
  pthread_mutex_unlock(&flag->mutex);
  assert_int_equal(late, 0);
}

int flag_count(struct flag *flag) {
  pthread_mutex_lock(&flag->mutex);
  int count = flag->count;
  pthread_mutex_unlock(&flag->mutex);
  return count;
}
