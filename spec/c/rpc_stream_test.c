/* Streams: what goes there and back, and how they end. */
#include "cmocka_all.h"
#include "rpc_fixture.h"
#include <stdlib.h>
#include <string.h>

static void drip(struct h2_request *request) {
  request->frame = 1;
  rpc_echo(request);
}

/* A thousand messages "0" to "9", and some without content in between. */
static void count(struct h2_request *request) {
  for (int i = 0; i < 1000; i++) {
    h2_message(request, (char[]){10, 1, (char)('0' + i % 10)}, 3);
    if (i % 100 == 0)
      h2_message(request, "", 0);
  }
  h2_finish(request, "0", NULL);
}

/* Messages of fields of these sizes, the first of 'a', the next of 'b', … */
static const size_t sizes[] = {1, 100, 3, 0, 20000, 20, 20000, 20001};
#define SIZES (sizeof sizes / sizeof *sizes)

static void sizes_vary(struct h2_request *request) {
  for (size_t i = 0; i < SIZES; i++) {
    uint8_t message[4 + 20001] = {10, (uint8_t)(sizes[i] | 128), (uint8_t)(sizes[i] >> 7 | 128),
                                  (uint8_t)(sizes[i] >> 14)};
    memset(message + 4, 'a' + (int)i, sizes[i]);
    h2_message(request, message, 4 + sizes[i]);
  }
  h2_finish(request, "0", NULL);
}

static void gives_up(struct h2_request *request) {
  if (request->in.size && !request->finished) {
    rpc_echo(request);
    h2_finish(request, "8", "enough");
  }
}

static void has_enough(struct h2_request *request) {
  if (!request->in.size || request->finished)
    return;
  h2_finish(request, "0", NULL);
}

static void resets(struct h2_request *request) {
  if (request->in.size)
    h2_reset(request, NGHTTP2_INTERNAL_ERROR);
}

static void hangs_up(struct h2_request *request) {
  rpc_echo(request);
  if (request->in.size)
    h2_hang_up(request->connection);
}

static void compressed(struct h2_request *request) {
  h2_bytes(request, "\0\0\0\0\3\12\1a\1\0\0\0\1b", 14);
  h2_answer(request);
}

static void huge(struct h2_request *request) {
  h2_bytes(request, "\0\0\0\0\3\12\1a\0\1\0\0\1b", 14);
  h2_answer(request);
}

static void truncated(struct h2_request *request) {
  h2_bytes(request, "\0\0\0\0\3\12\1a\0\0\0\0\3\12\1", 15);
  h2_finish(request, "0", NULL);
}

static void truncated_prefix(struct h2_request *request) {
  h2_bytes(request, "\0\0\0\0\3\12\1a\0\0", 10);
  h2_finish(request, "0", NULL);
}

static const struct h2_method methods[] = {
    {"/echo", rpc_echo, true},
    {"/drip", drip, true},
    {"/count", count, false},
    {"/sizes_vary", sizes_vary, false},
    {"/gives_up", gives_up, true},
    {"/has_enough", has_enough, true},
    {"/resets", resets, true},
    {"/hangs_up", hangs_up, true},
    {"/compressed", compressed, false},
    {"/huge", huge, false},
    {"/truncated", truncated, false},
    {"/truncated_prefix", truncated_prefix, false},
    {NULL, NULL, false},
};

static void check_end(struct ctd_stream *stream, enum ctd_code code, const char *expected) {
  ProtobufCMessage *reply;
  for (int i = 0; i < 2; i++) {
    rpc_check_failure(ctd_stream_receive(stream, &reply, &rpc.err), code, expected);
    assert_null(reply);
    assert_true(ctd_stream_await(stream, 0));
  }
}

static struct ctd_stream *request(const char *method, const char *text) {
  BytesValue value = bytes_value(text, strlen(text));
  struct ctd_stream *stream;
  if (ctd_stream_request(&stream, &rpc.target, method, &value.base, &bytes_type, &rpc.scope, &rpc.err))
    fail_msg("%s", rpc.err.message);
  return stream;
}

static void messages_go_there_and_back(void **state) {
  static const char *const names[] = {"/echo", "/drip"};
  (void)state;
  for (int i = 0; i < 2; i++) {
    struct ctd_stream *stream = rpc_stream(names[i]);
    rpc_send(stream, "one");
    rpc_receive(stream, "one");
    rpc_send(stream, "");
    rpc_send(stream, "two");
    rpc_receive(stream, "");
    ctd_stream_close_send(stream);
    rpc_receive(stream, "two");
    rpc_receive_end(stream);
    rpc_receive_end(stream);
    ctd_stream_close_send(stream);
    ctd_stream_free(stream);
  }
  ctd_stream_free(NULL);
}

static void answers_come_in_their_order(void **state) {
  struct ctd_stream *stream = request("/count", "");
  (void)state;
  for (int i = 0; i < 1000; i++) {
    rpc_receive(stream, (char[]){(char)('0' + i % 10), '\0'});
    if (i % 100 == 0)
      rpc_receive(stream, "");
  }
  rpc_receive_end(stream);
  ctd_stream_free(stream);
}

static void a_field_is_taken_from_answers(void **state) {
  struct ctd_stream *stream = request("/count", "");
  struct ctd_buffer all = {0};
  bool ended = false;
  (void)state;
  while (!ended)
    if (ctd_stream_receive_data(stream, 1, &all, &ended, &rpc.err))
      fail_msg("%s", rpc.err.message);
  assert_int_equal(all.size, 1000);
  for (int i = 0; i < 1000; i++)
    assert_int_equal(all.data[i], '0' + i % 10);
  ctd_buffer_free(&all);
  ctd_stream_free(stream);
}

static void check_field(struct ctd_stream *stream, size_t size, char content) {
  struct ctd_buffer field = {0};
  bool ended;
  assert_int_equal(ctd_stream_receive_data(stream, 1, &field, &ended, &rpc.err), 0);
  assert_false(ended);
  assert_int_equal(field.size, size);
  for (size_t i = 0; i < size; i++)
    assert_int_equal(field.data[i], content);
  ctd_buffer_free(&field);
}

static void fields_may_be_of_any_size(void **state) {
  struct ctd_stream *stream = request("/sizes_vary", "");
  (void)state;
  for (size_t i = 0; i < SIZES; i++)
    check_field(stream, sizes[i], (char)('a' + i));
  rpc_receive_end(stream);
  ctd_stream_free(stream);
}

/* Sends until that fails. */
static void send_all(struct ctd_stream *stream) {
  BytesValue value = bytes_value("more", 4);
  while (!ctd_stream_send(stream, &value.base, &rpc.err))
    continue;
}

static void a_server_ends_the_call_while_one_sends(void **state) {
  (void)state;
  struct ctd_stream *stream = rpc_stream("/gives_up");
  rpc_send(stream, "last");
  send_all(stream);
  rpc_check_failure(-1, CTD_RESOURCE_EXHAUSTED, "enough");
  ctd_stream_close_send(stream);
  rpc_receive(stream, "last");
  check_end(stream, CTD_RESOURCE_EXHAUSTED, "enough");
  ctd_stream_free(stream);

  stream = rpc_stream("/has_enough");
  send_all(stream);
  rpc_check_failure(-1, CTD_ABORTED, "ended the call early");
  rpc_receive_end(stream);
  ctd_stream_close_send(stream);
  ctd_stream_free(stream);

  stream = rpc_stream("/resets");
  send_all(stream);
  rpc_check_failure(-1, CTD_UNKNOWN, "INTERNAL_ERROR");
  check_end(stream, CTD_UNKNOWN, "INTERNAL_ERROR");
  ctd_stream_free(stream);
  assert_int_equal(h2_server_connected(&rpc.server), 1);
}

static void a_lost_connection_ends_streams(void **state) {
  (void)state;
  struct ctd_stream *stream = rpc_stream("/hangs_up"), *other = rpc_stream("/echo");
  rpc_send(other, "a");
  rpc_receive(other, "a");
  rpc_send(stream, "last");
  rpc_receive(stream, "last");
  check_end(stream, CTD_UNAVAILABLE, "the daemon closed the connection");
  check_end(other, CTD_UNAVAILABLE, "the daemon closed the connection");
  send_all(other);
  rpc_check_failure(-1, CTD_UNAVAILABLE, "the daemon closed the connection");
  ctd_stream_free(stream);
  ctd_stream_free(other);
}

static void a_wrong_answer_ends_its_stream_alone(void **state) {
  static const struct {
    const char *method;
    enum ctd_code code;
    const char *text;
  } cases[] = {{"/compressed", CTD_UNKNOWN, "compressed"},
               {"/huge", CTD_RESOURCE_EXHAUSTED, "16777217 bytes"},
               {"/truncated", CTD_UNKNOWN, "middle of a message"},
               {"/truncated_prefix", CTD_UNKNOWN, "middle of a message"}};
  (void)state;
  struct ctd_stream *other = rpc_stream("/echo");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct ctd_stream *stream = request(cases[i].method, "");
    rpc_receive(stream, "a");
    check_end(stream, cases[i].code, cases[i].text);
    ctd_stream_free(stream);
    rpc_send(other, "b");
    rpc_receive(other, "b");
  }
  ctd_stream_free(other);
  assert_int_equal(h2_server_connected(&rpc.server), 1);
}

static void a_stream_ends_with_its_scope(void **state) {
  (void)state;
  struct ctd_stream *stream = rpc_stream("/echo");
  rpc.scope.deadline = ctd_now_monotonic() + 0.1;
  check_end(stream, CTD_DEADLINE_EXCEEDED, "timed out");
  struct h2_request *first = h2_server_await(&rpc.server, 1);
  h2_request_await_close(&rpc.server, first);
  assert_int_equal(first->reason, NGHTTP2_CANCEL);
  ctd_stream_free(stream);

  ctd_scope_init(&rpc.scope, 20);
  stream = rpc_stream("/echo");
  ctd_scope_cancel(&rpc.scope);
  check_end(stream, CTD_CANCELLED, "cancelled");
  ctd_stream_free(stream);
  rpc_check_failure(ctd_stream_open(&stream, &rpc.target, "/echo", &bytes_type, &rpc.scope, &rpc.err), CTD_CANCELLED,
                    "cancelled");
  assert_null(stream);
}

static void what_is_freed_is_cancelled(void **state) {
  (void)state;
  ctd_stream_free(request("/silent", ""));
  struct ctd_stream *stream = rpc_stream("/echo");
  rpc_send(stream, "a");
  rpc_receive(stream, "a");
  ctd_stream_free(stream);
  for (int i = 1; i <= 2; i++) {
    struct h2_request *freed = h2_server_await(&rpc.server, i);
    h2_request_await_close(&rpc.server, freed);
    assert_int_equal(freed->reason, NGHTTP2_CANCEL);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(messages_go_there_and_back, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(answers_come_in_their_order, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(a_field_is_taken_from_answers, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(fields_may_be_of_any_size, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(a_server_ends_the_call_while_one_sends, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(a_lost_connection_ends_streams, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(a_wrong_answer_ends_its_stream_alone, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(a_stream_ends_with_its_scope, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(what_is_freed_is_cancelled, rpc_set_up, rpc_tear_down),
  };
  rpc.server.methods = methods;
  return cmocka_run_group_tests(tests, NULL, NULL);
}
