/* What becomes of calls when connections and daemons come and go. */
#include "cmocka_all.h"
#include "rpc/connection.h"
#include "rpc_fixture.h"
#include "scratch.h"
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void hangs_up(struct h2_request *request) {
  h2_hang_up(request->connection);
}

static void hangs_up_amid(struct h2_request *request) {
  h2_bytes(request, request->in.data, request->in.size - 1);
  h2_answer(request);
  h2_hang_up(request->connection);
}

/* More than nghttp2 takes, whatever was agreed. */
static void rambles(struct h2_request *request) {
  static char text[200001];
  memset(text, 'x', sizeof text - 1);
  h2_finish(request, "9", text);
}

static void leaves(struct h2_request *request) {
  h2_goaway(request->connection, request->id);
  rpc_echo(request);
}

static const struct h2_method methods[] = {
    {"/echo", rpc_echo, false},   {"/hangs_up", hangs_up, false}, {"/hangs_up_amid", hangs_up_amid, false},
    {"/rambles", rambles, false}, {"/leaves", leaves, false},     {NULL, NULL, false},
};

static void server_hang_up(void) {
  h2_server_lock(&rpc.server);
  h2_hang_up(rpc.server.connections);
  h2_server_unlock(&rpc.server);
  h2_server_lock(&rpc.server);
  while (rpc.server.connections)
    h2_server_wait(&rpc.server);
  h2_server_unlock(&rpc.server);
}

static void a_connection_lost_amid_a_call_fails_it(void **state) {
  (void)state;
  rpc_check_failure(rpc_call("/hangs_up", "a"), CTD_UNAVAILABLE, "the daemon closed the connection");
  rpc_check_failure(rpc_call("/hangs_up_amid", "a"), CTD_UNAVAILABLE, "the daemon closed the connection");
  rpc_check_reply(rpc_call("/echo", "a"), "a");
  assert_int_equal(h2_server_connected(&rpc.server), 3);
}

static void a_peer_that_rambles_is_left(void **state) {
  struct ctd_scope other;
  (void)state;
  rpc_start(&other, 20, "/silent", NULL);
  rpc_check_failure(rpc_call("/rambles", "a"), CTD_UNAVAILABLE, "");
  rpc_check_failure(rpc_finish(&other, "/silent"), CTD_UNAVAILABLE, "");
  rpc_check_reply(rpc_call("/echo", "a"), "a");
  assert_int_equal(h2_server_connected(&rpc.server), 2);
}

static void an_idle_connection_is_lost_unnoticed(void **state) {
  (void)state;
  rpc_check_reply(rpc_call("/echo", "a"), "a");
  for (int i = 2; i < 5; i++) {
    server_hang_up();
    rpc_check_reply(rpc_call("/echo", "b"), "b");
    assert_int_equal(h2_server_connected(&rpc.server), i);
  }
}

/* A call that is under way is still answered. */
static void a_server_that_leaves_gets_no_more_calls(void **state) {
  struct ctd_scope before;
  (void)state;
  rpc_start(&before, 20, "/silent", NULL);
  rpc_check_reply(rpc_call("/leaves", "a"), "a");
  rpc_check_reply(rpc_call("/echo", "b"), "b");
  assert_int_equal(h2_server_connected(&rpc.server), 2);
  rpc_echo_now(1);
  rpc_check_reply(rpc_finish(&before, "/silent"), "/silent");
  rpc_check_reply(rpc_call("/echo", "c"), "c");
  assert_int_equal(h2_server_connected(&rpc.server), 2);
}

/* As if it had been idle for long. */
static void connection_age(void) {
  struct ctd_connection *connection = NULL;
  assert_int_equal(ctd_channel_connection(rpc.channel, &connection, &rpc.err), 0);
  ctd_connection_lock(connection);
  connection->read_at -= 10;
  ctd_connection_unlock(connection);
  ctd_connection_unref(connection);
}

static void what_an_idle_connection_was_told_is_read(void **state) {
  (void)state;
  rpc_check_reply(rpc_call("/echo", "a"), "a");
  h2_server_lock(&rpc.server);
  h2_goaway(rpc.server.connections, rpc.server.requests->id);
  h2_server_unlock(&rpc.server);
  h2_server_lock(&rpc.server);
  while (nghttp2_session_want_write(rpc.server.connections->session))
    h2_server_wait(&rpc.server);
  h2_server_unlock(&rpc.server);
  connection_age();
  rpc_check_reply(rpc_call("/echo", "b"), "b");
  assert_int_equal(h2_server_connected(&rpc.server), 2);
}

static void a_server_that_leaves_refuses_calls(void **state) {
  struct ctd_scope last, beyond;
  (void)state;
  rpc_start(&last, 20, "/silent", NULL);
  rpc_start(&beyond, 20, "/silent", NULL);
  h2_server_await(&rpc.server, 2);
  h2_server_lock(&rpc.server);
  h2_goaway(rpc.server.connections, 1);
  h2_server_unlock(&rpc.server);
  rpc_check_failure(rpc_finish(&beyond, "/silent"), CTD_UNAVAILABLE, "");
  rpc_echo_now(1);
  rpc_check_reply(rpc_finish(&last, "/silent"), "/silent");
}

static void a_daemon_goes_and_comes_back(void **state) {
  (void)state;
  rpc_check_reply(rpc_call("/echo", "a"), "a");
  h2_server_stop(&rpc.server);
  rpc_check_failure(rpc_call("/echo", "b"), CTD_UNAVAILABLE, "connect to /tmp");
  assert_int_equal(unlink(rpc.path), 0);
  rpc_check_failure(rpc_call("/echo", "b"), CTD_UNAVAILABLE, "connect to /tmp");
  assert_int_equal(rpc_call("/echo", "b"), -1);
  assert_int_equal(rpc.err.status, 14);
  h2_server_start(&rpc.server);
  rpc_check_reply(rpc_call("/echo", "c"), "c");
}

static void a_channel_needs_somebody_at_its_path(void **state) {
  struct ctd_channel *channel;
  char *file = scratch_write(rpc.directory, "file", ""), *gone = ctd_format(&rpc.err, "%s/gone", rpc.directory);
  char path[200] = {0};
  (void)state;
  rpc_check_failure(ctd_channel_open(&channel, file, &rpc.err), CTD_CONNECTION_REFUSED, file);
  assert_null(channel);
  rpc_check_failure(ctd_channel_open(&channel, gone, &rpc.err), CTD_NO_SUCH_SOCKET, gone);
  memset(path, 'a', sizeof path - 1);
  rpc_check_failure(ctd_channel_open(&channel, path, &rpc.err), CTD_INVALID_ARGUMENT, "at most 107 bytes");
  free(file);
  free(gone);
}

static void a_peer_that_does_not_speak_http2_fails_calls(void **state) {
  static const char *const greetings[] = {
      "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
      "220 localhost ESMTP\r\n",
      "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1",
  };
  (void)state;
  for (size_t i = 0; i < sizeof greetings / sizeof *greetings; i++) {
    rpc_restart((struct h2_server){.greeting = greetings[i]});
    rpc_check_failure(rpc_call("/echo", "a"), CTD_UNAVAILABLE, "");
    rpc_check_failure(rpc_call("/echo", "a"), CTD_UNAVAILABLE, "");
  }
}

/* In the child: whether all is refused, or left alone. */
static bool is_refused(struct ctd_scope *scope, struct ctd_stream *stream) {
  struct ctd_channel *channel;
  bool refused = rpc_call("/echo", "a") == -1 && rpc.err.code == CTD_FAILED_PRECONDITION &&
                 ctd_channel_open(&channel, rpc.path, &rpc.err) == -1 && rpc.err.code == CTD_FAILED_PRECONDITION;
  ctd_call_cancel(scope->call);
  ctd_scope_release(scope);
  ctd_stream_free(stream);
  rpc_channel_close();
  return refused;
}

static void a_forked_child_touches_nothing(void **state) {
  struct ctd_scope scope;
  struct flag flag = FLAG;
  int status;
  (void)state;
  rpc_start(&scope, 20, "/silent", NULL);
  struct ctd_stream *stream = rpc_stream("/silent");
  assert_int_equal(ctd_stream_watch(stream, flag_raise, &flag, &rpc.err), 0);
  pid_t child = fork();
  if (!child)
    _exit(is_refused(&scope, stream) ? 0 : 1);
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  rpc_echo_now(1);
  rpc_check_reply(rpc_finish(&scope, "/silent"), "/silent");
  ctd_stream_unwatch(stream);
  ctd_stream_free(stream);
  rpc_check_reply(rpc_call("/echo", "a"), "a");
  assert_int_equal(h2_server_connected(&rpc.server), 1);
}

static void calls_wait_for_their_turn(void **state) {
  struct ctd_scope scopes[4];
  (void)state;
  rpc_restart((struct h2_server){.max_streams = 1});
  rpc_check_reply(rpc_call("/echo", "a"), "a");
  for (int i = 0; i < 4; i++)
    rpc_start(&scopes[i], 20, i ? "/echo" : "/silent", NULL);
  ctd_call_cancel(scopes[1].call);
  rpc_check_failure(rpc_finish(&scopes[1], "/echo"), CTD_CANCELLED, "cancelled");
  ctd_scope_release(&scopes[2]);
  rpc_echo_now(2);
  rpc_check_reply(rpc_finish(&scopes[0], "/silent"), "/silent");
  rpc_check_reply(rpc_finish(&scopes[3], "/echo"), "/echo");
  rpc_check_reply(rpc_call("/echo", "b"), "b");
  assert_int_equal(h2_server_count(&rpc.server), 4);
  assert_int_equal(h2_server_connected(&rpc.server), 1);
}

static void calls_that_wait_for_their_turn_fail_with_the_connection(void **state) {
  struct ctd_scope scopes[3];
  (void)state;
  rpc_restart((struct h2_server){.max_streams = 1});
  for (int i = 0; i < 2; i++) {
    rpc_check_reply(rpc_call("/echo", "a"), "a");
    for (int k = 0; k < 3; k++)
      rpc_start(&scopes[k], 20, "/silent", NULL);
    struct h2_request *first = h2_server_await(&rpc.server, 2 + i * 2);
    h2_server_lock(&rpc.server);
    if (i == 0)
      h2_hang_up(first->connection);
    else
      leaves(first);
    h2_server_unlock(&rpc.server);
    if (i == 0)
      rpc_check_failure(rpc_finish(&scopes[0], "/silent"), CTD_UNAVAILABLE, "");
    else
      rpc_check_reply(rpc_finish(&scopes[0], "/silent"), "/silent");
    rpc_check_failure(rpc_finish(&scopes[1], "/silent"), CTD_UNAVAILABLE, "");
    rpc_check_failure(rpc_finish(&scopes[2], "/silent"), CTD_UNAVAILABLE, "");
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_connection_lost_amid_a_call_fails_it, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(a_peer_that_rambles_is_left, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(an_idle_connection_is_lost_unnoticed, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(a_server_that_leaves_gets_no_more_calls, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(what_an_idle_connection_was_told_is_read, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(a_server_that_leaves_refuses_calls, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(a_daemon_goes_and_comes_back, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(a_channel_needs_somebody_at_its_path, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(a_peer_that_does_not_speak_http2_fails_calls, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(a_forked_child_touches_nothing, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(calls_wait_for_their_turn, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(calls_that_wait_for_their_turn_fail_with_the_connection, rpc_set_up,
                                      rpc_tear_down),
  };
  rpc.server.methods = methods;
  return cmocka_run_group_tests(tests, NULL, NULL);
}
