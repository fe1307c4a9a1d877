/* Calls that are waited for, told of, cancelled, and end at their deadlines. */
#include "cmocka_all.h"
#include "rpc/connection.h"
#include "rpc_fixture.h"
#include <stdlib.h>
#include <string.h>

#define SOON 0.2 /* seconds */

static const struct h2_method methods[] = {{"/echo", rpc_echo, false}, {NULL, NULL, false}};

static void check_reset(int number) {
  struct h2_request *request = h2_server_await(&rpc.server, number);
  h2_request_await_close(&rpc.server, request);
  assert_int_equal(request->reason, NGHTTP2_CANCEL);
}

static void a_call_ends_at_its_deadline(void **state) {
  struct ctd_scope scope;
  struct flag flag = FLAG;
  double begun = ctd_now_monotonic();
  (void)state;
  ctd_scope_init(&scope, SOON);
  rpc_check_failure(rpc_call_within(&scope, "/silent", "a"), CTD_DEADLINE_EXCEEDED, "timed out");
  check_reset(1);
  rpc_start(&scope, SOON, "/silent", NULL);
  rpc_check_failure(rpc_finish(&scope, "/silent"), CTD_DEADLINE_EXCEEDED, "timed out");
  check_reset(2);
  rpc_start(&scope, SOON, "/silent", &flag);
  flag_await(&flag, 1);
  rpc_check_failure(rpc_finish(&scope, "/silent"), CTD_DEADLINE_EXCEEDED, "timed out");
  check_reset(3);
  assert_true(ctd_now_monotonic() - begun >= 3 * SOON);
  rpc_check_failure(rpc_call_within(&scope, "/echo", "a"), CTD_DEADLINE_EXCEEDED, "timed out");
  assert_int_equal(h2_server_count(&rpc.server), 3);
}

static void deadlines_come_in_any_order(void **state) {
  static const double seconds[] = {20, 0.2, 0.1, 0.3};
  struct ctd_scope scopes[4];
  struct flag flags[4] = {FLAG, FLAG, FLAG, FLAG};
  (void)state;
  for (int i = 0; i < 4; i++)
    rpc_start(&scopes[i], seconds[i], "/silent", &flags[i]);
  for (int i = 1; i < 4; i++) {
    flag_await(&flags[i], 1);
    rpc_check_failure(rpc_finish(&scopes[i], "/silent"), CTD_DEADLINE_EXCEEDED, "timed out");
    assert_true(scopes[i].deadline <= ctd_now_monotonic());
  }
  assert_int_equal(flag_count(&flags[0]), 0);
  rpc_echo_now(1);
  flag_await(&flags[0], 1);
  rpc_check_reply(rpc_finish(&scopes[0], "/silent"), "/silent");
}

static void a_peer_that_says_nothing_holds_nobody(void **state) {
  struct ctd_scope scope;
  struct flag flag = FLAG;
  (void)state;
  rpc_restart((struct h2_server){.greeting = ""});
  ctd_scope_init(&scope, SOON);
  rpc_check_failure(rpc_call_within(&scope, "/echo", "a"), CTD_DEADLINE_EXCEEDED, "timed out");
  rpc_start(&scope, SOON, "/echo", &flag);
  flag_await(&flag, 1);
  rpc_check_failure(rpc_finish(&scope, "/echo"), CTD_DEADLINE_EXCEEDED, "timed out");
}

static void somebody_is_told_once_on_another_thread(void **state) {
  struct ctd_scope scope;
  struct flag flag = FLAG;
  (void)state;
  for (int i = 1; i <= 100; i++) {
    rpc_start(&scope, 20, "/echo", &flag);
    flag_await(&flag, i);
    rpc_check_reply(rpc_finish(&scope, "/echo"), "/echo");
    assert_false(pthread_equal(flag.thread, pthread_self()));
    if (i % 3 == 0)
      rpc_check_reply(rpc_call("/echo", "between"), "between");
  }
  assert_int_equal(flag_count(&flag), 100);
}

/* Looking again and again without waiting is enough. */
static void a_call_is_polled(void **state) {
  struct ctd_scope scope;
  (void)state;
  rpc_start(&scope, 20, "/echo", NULL);
  double begun = ctd_now_monotonic();
  while (!ctd_call_wait(scope.call, 0))
    if (ctd_now_monotonic() - begun > 10)
      fail_msg("it isn't complete");
  rpc_check_reply(rpc_finish(&scope, "/echo"), "/echo");
}

static void a_call_is_cancelled(void **state) {
  struct ctd_scope scope;
  struct flag flag = FLAG;
  (void)state;
  rpc_start(&scope, 20, "/silent", NULL);
  ctd_call_cancel(scope.call);
  ctd_call_cancel(scope.call);
  assert_true(ctd_call_wait(scope.call, 0));
  rpc_check_failure(rpc_finish(&scope, "/silent"), CTD_CANCELLED, "cancelled");
  check_reset(1);
  rpc_start(&scope, 20, "/silent", &flag);
  h2_server_await(&rpc.server, 2);
  ctd_call_cancel(scope.call);
  flag_await(&flag, 1);
  rpc_check_failure(rpc_finish(&scope, "/silent"), CTD_CANCELLED, "cancelled");
  check_reset(2);
  rpc_start(&scope, 20, "/echo", &flag);
  flag_await(&flag, 2);
  ctd_call_cancel(scope.call);
  rpc_check_reply(rpc_finish(&scope, "/echo"), "/echo");
  rpc_start(&scope, 20, "/silent", NULL);
  h2_server_await(&rpc.server, 4);
  ctd_scope_release(&scope);
  assert_null(scope.call);
  check_reset(4);
  assert_int_equal(flag_count(&flag), 2);
}

/* What another thread does when the call is under way. */
static void *cancel_scope(void *context) {
  h2_server_await(&rpc.server, 1);
  ctd_scope_cancel(context);
  return NULL;
}

static void *cancel_call(void *context) {
  struct ctd_connection *connection = NULL;
  struct ctd_error err = {0};
  bool waits = false;
  h2_server_await(&rpc.server, 1);
  ctd_channel_connection(rpc.channel, &connection, &err);
  while (!waits) {
    ctd_connection_lock(connection);
    waits = connection->driven;
    ctd_connection_unlock(connection);
  }
  ctd_connection_unref(connection);
  ctd_call_cancel(context);
  return NULL;
}

static void another_thread_cancels(void **state) {
  pthread_t thread;
  struct ctd_scope scope;
  double begun = ctd_now_monotonic();
  (void)state;
  assert_int_equal(pthread_create(&thread, NULL, cancel_scope, &rpc.scope), 0);
  rpc_check_failure(rpc_call("/silent", "a"), CTD_CANCELLED, "cancelled");
  pthread_join(thread, NULL);
  check_reset(1);
  rpc_start(&scope, 30, "/silent", NULL);
  assert_int_equal(pthread_create(&thread, NULL, cancel_call, scope.call), 0);
  assert_true(ctd_call_wait(scope.call, 30));
  pthread_join(thread, NULL);
  rpc_check_failure(rpc_finish(&scope, "/silent"), CTD_CANCELLED, "cancelled");
  assert_true(ctd_now_monotonic() - begun < 20);
}

static void *drive(void *context) {
  return ctd_call_wait(context, 60) ? context : NULL;
}

/* A request that doesn't fit into the socket, while another thread waits only to read. */
static void a_request_is_sent_while_others_wait(void **state) {
  struct ctd_scope silent, large;
  struct flag flag = FLAG;
  pthread_t thread;
  size_t size = 8 << 20;
  char *text = malloc(size + 1);
  (void)state;
  memset(text, 'x', size);
  text[size] = '\0';
  rpc_restart((struct h2_server){.window = 16 << 20});
  rpc_check_reply(rpc_call("/echo", "a"), "a");
  rpc_start(&silent, 60, "/silent", NULL);
  assert_int_equal(pthread_create(&thread, NULL, drive, silent.call), 0);
  ctd_scope_init(&large, 60);
  large.nowait = true;
  large.notify = flag_raise;
  large.notify_context = &flag;
  h2_server_lock(&rpc.server);
  assert_int_equal(rpc_call_within(&large, "/echo", text), CTD_PENDING);
  h2_server_unlock(&rpc.server);
  flag_await(&flag, 1);
  rpc_check_reply(rpc_call_within(&large, "/echo", text), text);
  rpc_echo_now(2);
  void *answered;
  pthread_join(thread, &answered);
  assert_non_null(answered);
  rpc_check_reply(rpc_finish(&silent, "/silent"), "/silent");
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_call_ends_at_its_deadline, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(deadlines_come_in_any_order, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(a_peer_that_says_nothing_holds_nobody, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(somebody_is_told_once_on_another_thread, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(a_call_is_polled, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(a_call_is_cancelled, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(another_thread_cancels, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(a_request_is_sent_while_others_wait, rpc_set_up, rpc_tear_down),
  };
  rpc.server.methods = methods;
  return cmocka_run_group_tests(tests, NULL, NULL);
}
