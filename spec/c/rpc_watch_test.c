/* Streams that are watched: who is told of what comes, and when not. */
#include "cmocka_all.h"
#include "rpc_fixture.h"
#include <string.h>

static void floods(struct h2_request *request) {
  static const char zeros[50000];
  for (int i = 0; i < 100; i++) {
    BytesValue value = bytes_value(zeros, sizeof zeros);
    uint8_t data[sizeof zeros + 16];
    h2_message(request, data, google__protobuf__bytes_value__pack(&value, data));
  }
  h2_finish(request, "0", NULL);
}

static const struct h2_method methods[] = {{"/echo", rpc_echo, true}, {"/floods", floods, false}, {NULL, NULL, false}};

static void watch(struct ctd_stream *stream, struct flag *flag) {
  if (ctd_stream_watch(stream, flag_raise, flag, &rpc.err))
    fail_msg("%s", rpc.err.message);
}

/* The server says something to the call of this number. */
static void server_send(int number, char text) {
  struct h2_request *request = h2_server_await(&rpc.server, number);
  h2_server_lock(&rpc.server);
  h2_answer(request);
  h2_message(request, (char[]){10, 1, text}, 3);
  h2_server_unlock(&rpc.server);
}

static void one_is_told_of_what_is_there(void **state) {
  struct flag flag = FLAG;
  (void)state;
  struct ctd_stream *stream = rpc_stream("/echo");
  rpc_send(stream, "a");
  assert_true(ctd_stream_await(stream, 20));
  watch(stream, &flag);
  flag_await(&flag, 1);
  assert_false(pthread_equal(flag.thread, pthread_self()));
  rpc_receive(stream, "a");
  ctd_stream_close_send(stream);
  rpc_receive_end(stream);
  watch(stream, &flag);
  flag_await(&flag, 2);
  ctd_stream_free(stream);
  assert_int_equal(flag_count(&flag), 2);
}

static void one_is_told_once_of_what_comes(void **state) {
  struct flag flag = FLAG;
  (void)state;
  struct ctd_stream *stream = rpc_stream("/silent");
  for (int i = 0; i < 100; i++) {
    watch(stream, &flag);
    if (i % 10 == 0)
      rpc_check_reply(rpc_call("/echo", "a"), "a");
    assert_int_equal(flag_count(&flag), i);
    server_send(1, 'b');
    flag_await(&flag, i + 1);
    rpc_receive(stream, "b");
  }
  watch(stream, &flag);
  struct h2_request *request = h2_server_await(&rpc.server, 1);
  h2_server_lock(&rpc.server);
  h2_hang_up(request->connection);
  h2_server_unlock(&rpc.server);
  flag_await(&flag, 101);
  ProtobufCMessage *reply;
  rpc_check_failure(ctd_stream_receive(stream, &reply, &rpc.err), CTD_UNAVAILABLE, "the daemon closed the connection");
  ctd_stream_free(stream);
}

static void nobody_is_told_after_an_unwatch(void **state) {
  struct flag flag = FLAG, other = FLAG;
  (void)state;
  struct ctd_stream *stream = rpc_stream("/silent"), *second = rpc_stream("/silent");
  watch(stream, &flag);
  ctd_stream_unwatch(stream);
  ctd_stream_unwatch(stream);
  watch(second, &other);
  server_send(1, 'a');
  server_send(2, 'b');
  flag_await(&other, 1);
  assert_true(ctd_stream_await(stream, 20));
  assert_int_equal(flag_count(&flag), 0);
  rpc_receive(stream, "a");
  rpc_receive(second, "b");
  watch(stream, &flag);
  server_send(1, 'c');
  flag_await(&flag, 1);
  ctd_stream_unwatch(stream);
  rpc_receive(stream, "c");
  ctd_stream_free(stream);
  ctd_stream_free(second);
}

/* The first of many that come and go at any time. */
static void watching_ends_at_any_time(void **state) {
  (void)state;
  struct flag flag = FLAG;
  int told = 0;
  struct ctd_stream *stream = rpc_stream("/silent");
  for (int i = 0; i < 300; i++) {
    watch(stream, &flag);
    server_send(1, 'a');
    for (int k = 0; k < i % 30; k++)
      ctd_stream_await(stream, 0);
    ctd_stream_unwatch(stream);
    int count = flag_count(&flag);
    assert_true(count == told || count == told + 1);
    told = count;
    rpc_receive(stream, "a");
    assert_int_equal(flag_count(&flag), told);
  }
  ctd_stream_free(stream);
}

struct gate {
  struct flag entered, opened;
  bool left;
};

static void pass(void *context) {
  struct gate *gate = context;
  flag_raise(&gate->entered);
  flag_await(&gate->opened, 1);
  gate->left = true;
}

static void *open_soon(void *context) {
  struct gate *gate = context;
  struct ctd_scope scope;
  struct ctd_error err = {0};
  ctd_scope_init(&scope, INFINITY);
  ctd_scope_sleep(&scope, 0.1, &err);
  flag_raise(&gate->opened);
  return NULL;
}

static void an_unwatch_waits_for_who_is_being_told(void **state) {
  struct gate gate = {FLAG, FLAG, false};
  pthread_t thread;
  (void)state;
  struct ctd_stream *stream = rpc_stream("/silent");
  assert_int_equal(ctd_stream_watch(stream, pass, &gate, &rpc.err), 0);
  server_send(1, 'a');
  flag_await(&gate.entered, 1);
  assert_int_equal(pthread_create(&thread, NULL, open_soon, &gate), 0);
  ctd_stream_unwatch(stream);
  assert_true(gate.left);
  pthread_join(thread, NULL);
  rpc_receive(stream, "a");
  ctd_stream_free(stream);
}

/* With nobody else to read for them. */
static void watched_streams_go_on(void **state) {
  BytesValue nothing = GOOGLE__PROTOBUF__BYTES_VALUE__INIT;
  struct ctd_stream *streams[4];
  struct flag flags[4] = {FLAG, FLAG, FLAG, FLAG};
  (void)state;
  for (int i = 0; i < 4; i++)
    assert_int_equal(
        ctd_stream_request(&streams[i], &rpc.target, "/floods", &nothing.base, &bytes_type, &rpc.scope, &rpc.err), 0);
  for (int number = 1; number <= 101; number++)
    for (int i = 0; i < 4; i++) {
      struct ctd_buffer data = {0};
      bool ended;
      watch(streams[i], &flags[i]);
      flag_await(&flags[i], number);
      assert_int_equal(ctd_stream_receive_data(streams[i], 1, &data, &ended, &rpc.err), 0);
      assert_int_equal(ended, number == 101);
      assert_int_equal(data.size, ended ? 0 : 50000);
      ctd_buffer_free(&data);
    }
  for (int i = 0; i < 4; i++)
    ctd_stream_free(streams[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(one_is_told_of_what_is_there, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(one_is_told_once_of_what_comes, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(nobody_is_told_after_an_unwatch, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(watching_ends_at_any_time, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(an_unwatch_waits_for_who_is_being_told, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(watched_streams_go_on, rpc_set_up, rpc_tear_down),
  };
  rpc.server.methods = methods;
  return cmocka_run_group_tests(tests, NULL, NULL);
}
