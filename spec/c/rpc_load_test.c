/* Many threads on one channel, and many channels. */
#include "cmocka_all.h"
#include "rpc_fixture.h"
#include "streams.h"
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#define THREADS 8
#define ROUNDS 200

/* Each tenth call costs a connection. */
static void hangs_up(struct h2_request *request) {
  if (request->ended && request->id % 20 == 19)
    h2_hang_up(request->connection);
  rpc_echo(request);
}

static const struct h2_method methods[] = {
    {"/echo", rpc_echo, true}, {"/hangs_up", hangs_up, true}, {NULL, NULL, false}};

/* A thread that makes calls of all kinds. What went wrong last is in `trouble`. */
struct worker {
  pthread_t thread;
  int number;
  char trouble[1200];
};

static void trouble(struct worker *worker, const char *what, struct ctd_error *err) {
  snprintf(worker->trouble, sizeof worker->trouble, "%s: %s: %s", what, ctd_code_name(err->code), err->message);
  ctd_error_clear(err);
}

static bool is_text(const BytesValue *value, const char *text) {
  return value && value->value.len == strlen(text) && !memcmp(value->value.data, text, strlen(text));
}

static bool is_reply(BytesValue *reply, const char *text) {
  bool same = is_text(reply, text);
  if (reply)
    google__protobuf__bytes_value__free_unpacked(reply, NULL);
  return same;
}

static int call(const char *method, const char *text, struct ctd_scope *scope, BytesValue **reply,
                struct ctd_error *err) {
  BytesValue request = bytes_value(text, strlen(text));
  *reply = NULL;
  return ctd_call(&rpc.target, method, &request.base, &bytes_type, (ProtobufCMessage **)reply, scope, err);
}

static void call_waiting(struct worker *worker, const char *text) {
  struct ctd_scope scope = scope_within(20);
  struct ctd_error err = {0};
  BytesValue *reply;
  if (call("/echo", text, &scope, &reply, &err) || !is_reply(reply, text))
    trouble(worker, "call", &err);
}

/* Told of, or cancelled and told of. */
static void call_told(struct worker *worker, const char *text, bool cancels) {
  struct ctd_scope scope = scope_within(20);
  struct ctd_error err = {0};
  struct flag flag = FLAG;
  BytesValue *reply;
  scope.nowait = true;
  scope.notify = flag_raise;
  scope.notify_context = &flag;
  if (call("/echo", text, &scope, &reply, &err) != CTD_PENDING) {
    trouble(worker, "start", &err);
    return;
  }
  if (cancels)
    ctd_call_cancel(scope.call);
  flag_await(&flag, 1);
  int result = call("/echo", text, &scope, &reply, &err);
  if (result ? !cancels || err.code != CTD_CANCELLED : !is_reply(reply, text))
    trouble(worker, "told call", &err);
  if (flag_count(&flag) != 1)
    trouble(worker, "told twice", &err);
  ctd_error_clear(&err);
}

static void call_polled(struct worker *worker, const char *text, bool released) {
  struct ctd_scope scope = scope_within(20);
  struct ctd_error err = {0};
  BytesValue *reply;
  scope.nowait = true;
  if (call(released ? "/silent" : "/echo", text, &scope, &reply, &err) != CTD_PENDING) {
    trouble(worker, "start", &err);
    return;
  }
  if (released) {
    ctd_call_wait(scope.call, 0);
    ctd_scope_release(&scope);
    return;
  }
  while (!ctd_call_wait(scope.call, 0.01))
    continue;
  if (call("/echo", text, &scope, &reply, &err) || !is_reply(reply, text))
    trouble(worker, "polled call", &err);
}

static void call_late(struct worker *worker, const char *text) {
  struct ctd_scope scope = scope_within(0.001);
  struct ctd_error err = {0};
  BytesValue *reply;
  if (!call("/silent", text, &scope, &reply, &err) || err.code != CTD_DEADLINE_EXCEEDED)
    trouble(worker, "late call", &err);
  ctd_error_clear(&err);
}

static void stream(struct worker *worker, const char *text, bool watched) {
  struct ctd_scope scope = scope_within(20);
  struct ctd_error err = {0};
  struct ctd_stream *stream;
  struct flag flag = FLAG;
  BytesValue value = bytes_value(text, strlen(text));
  ProtobufCMessage *reply = NULL;
  bool good = !ctd_stream_open(&stream, &rpc.target, "/echo", &bytes_type, &scope, &err);
  for (int i = 1; i <= 3 && good; i++) {
    good = !ctd_stream_send(stream, &value.base, &err);
    if (good && watched && !ctd_stream_watch(stream, flag_raise, &flag, &err))
      flag_await(&flag, i);
    good = good && !ctd_stream_receive(stream, &reply, &err) && is_reply((BytesValue *)reply, text);
  }
  if (good && text[0] % 2) {
    ctd_stream_close_send(stream);
    good = !ctd_stream_receive(stream, &reply, &err) && !reply;
  }
  ctd_stream_free(stream);
  if (!good)
    trouble(worker, "stream", &err);
}

static void *work(void *context) {
  struct worker *worker = context;
  for (int i = 0; i < ROUNDS; i++) {
    char text[32];
    snprintf(text, sizeof text, "%d of %d", i, worker->number);
    switch ((i + worker->number) % 9) {
    case 0:
    case 1:
      call_waiting(worker, text);
      break;
    case 2:
    case 3:
      call_told(worker, text, i % 2);
      break;
    case 4:
    case 5:
      call_polled(worker, text, i % 2);
      break;
    case 6:
      call_late(worker, text);
      break;
    default:
      stream(worker, text, i % 2);
    }
  }
  return NULL;
}

static void run(void *(*what)(void *)) {
  struct worker workers[THREADS] = {0};
  for (int i = 0; i < THREADS; i++) {
    workers[i].number = i;
    assert_int_equal(pthread_create(&workers[i].thread, NULL, what, &workers[i]), 0);
  }
  for (int i = 0; i < THREADS; i++)
    pthread_join(workers[i].thread, NULL);
  for (int i = 0; i < THREADS; i++)
    assert_string_equal(workers[i].trouble, "");
}

static void threads_share_a_channel(void **state) {
  (void)state;
  run(work);
  assert_int_equal(h2_server_connected(&rpc.server), 1);
  rpc_check_reply(rpc_call("/echo", "a"), "a");
}

/* With fewer calls at once than are made. */
static void threads_share_few_streams(void **state) {
  (void)state;
  rpc_restart((struct h2_server){.max_streams = 3, .window = 10});
  rpc_check_reply(rpc_call("/echo", "a"), "a");
  run(work);
  assert_int_equal(h2_server_connected(&rpc.server), 1);
}

static void *work_in_trouble(void *context) {
  struct worker *worker = context;
  for (int i = 0; i < ROUNDS; i++) {
    struct ctd_scope scope = scope_within(20);
    struct ctd_error err = {0};
    struct flag flag = FLAG;
    BytesValue *reply;
    int result;
    scope.nowait = i % 2;
    scope.notify = i % 4 == 1 ? flag_raise : NULL;
    scope.notify_context = &flag;
    result = call("/hangs_up", "a", &scope, &reply, &err);
    if (result == CTD_PENDING) {
      if (scope.notify)
        flag_await(&flag, 1);
      while (!ctd_call_wait(scope.call, 0.01))
        continue;
      result = call("/hangs_up", "a", &scope, &reply, &err);
    }
    if (result ? err.code != CTD_UNAVAILABLE : !is_reply(reply, "a"))
      trouble(worker, "call", &err);
    ctd_error_clear(&err);
  }
  return NULL;
}

static void threads_lose_connections(void **state) {
  (void)state;
  run(work_in_trouble);
  assert_true(h2_server_connected(&rpc.server) > 10);
  while (rpc_call("/echo", "a"))
    assert_int_equal(rpc.err.code, CTD_UNAVAILABLE);
}

static size_t memory(void) {
  struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

/* The server's ends go too. */
static void await_no_connections(void) {
  h2_server_lock(&rpc.server);
  while (rpc.server.connections)
    h2_server_wait(&rpc.server);
  h2_server_unlock(&rpc.server);
}

static void use_a_channel(int i) {
  struct worker worker = {0};
  assert_int_equal(ctd_channel_open(&rpc.channel, rpc.path, &rpc.err), 0);
  rpc.target.channel = rpc.channel;
  if (i % 2)
    call_told(&worker, "a", false);
  if (i % 3)
    call_waiting(&worker, "b");
  if (i % 5 == 0)
    stream(&worker, "c", true);
  assert_string_equal(worker.trouble, "");
  rpc_channel_close();
}

static void channels_leave_nothing_behind(void **state) {
  size_t before = 0;
  int fds = 0;
  (void)state;
  rpc_channel_close();
  for (int i = 0; i < 300; i++) {
    if (i == 50) {
      await_no_connections();
      before = memory();
      fds = count_fds();
    }
    use_a_channel(i);
  }
  await_no_connections();
  assert_int_equal(count_fds(), fds);
  assert_true(memory() < before + 4 * STREAMS_MIB);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(threads_share_a_channel, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(threads_share_few_streams, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(threads_lose_connections, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(channels_leave_nothing_behind, rpc_set_up, rpc_tear_down),
  };
  rpc.server.methods = methods;
  return cmocka_run_group_tests(tests, NULL, NULL);
}
