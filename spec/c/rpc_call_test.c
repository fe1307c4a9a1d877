/* Unary calls: how they end. */
#include "cmocka_all.h"
#include "rpc_fixture.h"
#include <stdlib.h>
#include <string.h>

static void drip(struct h2_request *request) {
  request->frame = 1;
  rpc_echo(request);
}

static void empty(struct h2_request *request) {
  h2_message(request, "", 0);
  h2_finish(request, "0", NULL);
}

static void fails(struct h2_request *request) {
  h2_finish(request, "5", "image \"a%25b\"%0Anot%20found: 100%, %E2%82%AC, %4");
}

static void fails_late(struct h2_request *request) {
  h2_bytes(request, request->in.data, request->in.size);
  h2_finish(request, "9", "too late");
}

static void fails_at_length(struct h2_request *request) {
  static char text[40001];
  memset(text, 'x', sizeof text - 1);
  h2_finish(request, "9", text);
}

static void only_trailers(struct h2_request *request) {
  h2_refuse(request, "200", "6", "there%20already");
}

static void not_found(struct h2_request *request) {
  h2_refuse(request, "404", NULL, NULL);
}

static void overloaded(struct h2_request *request) {
  h2_refuse(request, "503", NULL, NULL);
}

static void teapot(struct h2_request *request) {
  h2_refuse(request, "418", NULL, NULL);
}

static void no_status(struct h2_request *request) {
  h2_bytes(request, request->in.data, request->in.size);
  h2_finish(request, NULL, NULL);
}

static void no_answer(struct h2_request *request) {
  h2_finish(request, "0", NULL);
}

static void unknown_status(struct h2_request *request) {
  h2_finish(request, "99", "what is this");
}

static void no_number(struct h2_request *request) {
  h2_bytes(request, request->in.data, request->in.size);
  h2_finish(request, "fine", NULL);
}

static void compressed(struct h2_request *request) {
  h2_bytes(request, "\1\0\0\0\1a", 6);
  h2_answer(request);
}

static void huge(struct h2_request *request) {
  h2_bytes(request, "\0\1\0\0\1a", 6);
  h2_answer(request);
}

static void truncated(struct h2_request *request) {
  h2_bytes(request, "\0\0\0\0\4\12\2a", 8);
  h2_finish(request, "0", NULL);
}

static void no_message(struct h2_request *request) {
  h2_message(request, "\377\377", 2);
  h2_finish(request, "0", NULL);
}

static void refuses(struct h2_request *request) {
  h2_reset(request, NGHTTP2_REFUSED_STREAM);
}

static void cancels(struct h2_request *request) {
  h2_reset(request, NGHTTP2_CANCEL);
}

static void wants_calm(struct h2_request *request) {
  h2_reset(request, NGHTTP2_ENHANCE_YOUR_CALM);
}

static void breaks(struct h2_request *request) {
  h2_reset(request, NGHTTP2_INTERNAL_ERROR);
}

static void breaks_amid(struct h2_request *request) {
  h2_bytes(request, request->in.data, request->in.size - 1);
  h2_answer(request);
  h2_reset(request, NGHTTP2_INTERNAL_ERROR);
}

static const struct h2_method methods[] = {
    {"/echo", rpc_echo, false},
    {"/drip", drip, false},
    {"/empty", empty, false},
    {"/fails", fails, false},
    {"/fails_late", fails_late, false},
    {"/fails_at_length", fails_at_length, false},
    {"/only_trailers", only_trailers, false},
    {"/not_found", not_found, false},
    {"/overloaded", overloaded, false},
    {"/teapot", teapot, false},
    {"/no_status", no_status, false},
    {"/no_answer", no_answer, false},
    {"/unknown_status", unknown_status, false},
    {"/no_number", no_number, false},
    {"/compressed", compressed, false},
    {"/huge", huge, false},
    {"/truncated", truncated, false},
    {"/no_message", no_message, false},
    {"/refuses", refuses, false},
    {"/cancels", cancels, false},
    {"/wants_calm", wants_calm, false},
    {"/breaks", breaks, false},
    {"/breaks_amid", breaks_amid, false},
    {NULL, NULL, false},
};

static void an_answer_comes(void **state) {
  (void)state;
  rpc_check_reply(rpc_call("/echo", "hello"), "hello");
  rpc_check_reply(rpc_call("/echo", ""), "");
  rpc_check_reply(rpc_call("/drip", "a byte in a frame"), "a byte in a frame");
  rpc_check_reply(rpc_call("/empty", "something"), "");
  BytesValue request = bytes_value("a", 1);
  assert_int_equal(ctd_call(&rpc.target, "/echo", &request.base, NULL, NULL, &rpc.scope, &rpc.err), 0);
  assert_int_equal(h2_server_connected(&rpc.server), 1);
  const struct h2_request *last = h2_server_await(&rpc.server, 5);
  assert_string_equal(last->namespace, "test");
  assert_non_null(strpbrk(last->timeout, "um"));
}

static void a_status_says_why_it_fails(void **state) {
  (void)state;
  rpc_check_failure(rpc_call("/fails", ""), CTD_NOT_FOUND, "image \"a%b\" not found: 100%, \u20ac, %4");
  assert_int_equal(rpc_call("/fails", ""), -1);
  assert_int_equal(rpc.err.status, 5);
  rpc_check_failure(rpc_call("/fails_late", "a"), CTD_FAILED_PRECONDITION, "too late");
  rpc_check_failure(rpc_call("/fails_at_length", ""), CTD_FAILED_PRECONDITION, "xxxxxxxxxxxxxxx");
  rpc_check_failure(rpc_call("/only_trailers", ""), CTD_ALREADY_EXISTS, "there already");
  rpc_check_failure(rpc_call("/unknown_status", ""), CTD_UNKNOWN, "what is this");
  rpc_check_failure(rpc_call("/no_number", ""), CTD_UNKNOWN, "");
}

static void an_end_without_status_fails(void **state) {
  (void)state;
  rpc_check_failure(rpc_call("/not_found", ""), CTD_UNIMPLEMENTED, "HTTP status 404");
  rpc_check_failure(rpc_call("/overloaded", ""), CTD_UNAVAILABLE, "HTTP status 503");
  rpc_check_failure(rpc_call("/teapot", ""), CTD_UNKNOWN, "HTTP status 418");
  rpc_check_failure(rpc_call("/no_status", "a"), CTD_UNKNOWN, "without a status");
}

static void a_wrong_answer_fails(void **state) {
  (void)state;
  rpc_check_failure(rpc_call("/no_answer", ""), CTD_DATA_LOSS, "no answer");
  rpc_check_failure(rpc_call("/no_message", ""), CTD_DATA_LOSS, "is not a google.protobuf.BytesValue");
  assert_int_equal(rpc_call("/truncated", ""), -1);
  rpc_check_failure(rpc_call("/compressed", ""), CTD_UNKNOWN, "compressed");
  rpc_check_failure(rpc_call("/huge", ""), CTD_RESOURCE_EXHAUSTED, "16777217 bytes");
  for (int number = 4; number <= 5; number++) {
    struct h2_request *request = h2_server_await(&rpc.server, number);
    h2_request_await_close(&rpc.server, request);
    assert_int_equal(request->reason, NGHTTP2_CANCEL);
  }
}

static void a_reset_fails(void **state) {
  (void)state;
  rpc_check_failure(rpc_call("/refuses", ""), CTD_UNAVAILABLE, "REFUSED_STREAM");
  rpc_check_failure(rpc_call("/cancels", ""), CTD_CANCELLED, "CANCEL");
  rpc_check_failure(rpc_call("/wants_calm", ""), CTD_RESOURCE_EXHAUSTED, "ENHANCE_YOUR_CALM");
  rpc_check_failure(rpc_call("/breaks", ""), CTD_UNKNOWN, "INTERNAL_ERROR");
  rpc_check_failure(rpc_call("/breaks_amid", "abc"), CTD_UNKNOWN, "INTERNAL_ERROR");
}

/* Whatever became of a call, the connection serves the next one, and others meanwhile. */
static void the_connection_goes_on(void **state) {
  (void)state;
  struct ctd_scope other;
  rpc_start(&other, 20, "/silent", NULL);
  for (const struct h2_method *method = methods; method->name; method++) {
    rpc_call(method->name, "a");
    rpc_check_reply(rpc_call("/echo", method->name), method->name);
  }
  rpc_echo_now(1);
  rpc_check_reply(rpc_finish(&other, "/silent"), "/silent");
  assert_int_equal(h2_server_connected(&rpc.server), 1);
}

static void large_messages_go_both_ways(void **state) {
  (void)state;
  size_t size = (16 << 20) - 5;
  char *text = malloc(size + 2);
  for (size_t i = 0; i <= size; i++)
    text[i] = (char)('a' + i % 23);
  text[size] = '\0';
  rpc_check_reply(rpc_call("/echo", text), text);
  text[size] = 'x';
  text[size + 1] = '\0';
  rpc_check_failure(rpc_call("/echo", text), CTD_RESOURCE_EXHAUSTED, "at most 16777216 bytes");
  rpc_restart((struct h2_server){.window = 1000});
  text[1 << 20] = '\0';
  rpc_check_reply(rpc_call("/echo", text), text);
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(an_answer_comes, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(a_status_says_why_it_fails, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(an_end_without_status_fails, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(a_wrong_answer_fails, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(a_reset_fails, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(the_connection_goes_on, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(large_messages_go_both_ways, rpc_set_up, rpc_tear_down),
  };
  rpc.server.methods = methods;
  return cmocka_run_group_tests(tests, NULL, NULL);
}
