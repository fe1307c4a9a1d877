#include "registry/http.h"

#include "cmocka_all.h"
#include "http_server.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A server, a second origin, a session, and the last answer. */
struct fixture {
  struct http_server server, other;
  struct ctd_http *http;
  struct ctd_scope scope;
  struct ctd_http_response response;
  struct ctd_error err;
  char url[128];
};

static struct fixture fixture;

/* Servers are told what to do by the path: what stands behind "other" is for the second one. */
static void answer(struct http_server *server, int connection, const char *request, int count) {
  char headers[256];
  (void)count;
  if (strstr(request, " /ok")) {
    http_reply(connection, "200 OK", "X-Many: one\r\nx-other: y\r\nX-MANY:  two\r\nContent-Type: text/plain\r\n",
               "hello");
  } else if (strstr(request, " /moved")) {
    http_reply(connection, "302 Found", "Location: ok\r\n", "elsewhere");
  } else if (strstr(request, " /away")) {
    snprintf(headers, sizeof headers, "Location: http://%s/ok\r\n", fixture.other.authority);
    http_reply(connection, "307 Temporary Redirect", headers, "");
  } else if (strstr(request, " /loop")) {
    http_reply(connection, "301 Moved Permanently", "Location: /loop\r\n", "");
  } else if (strstr(request, " /file")) {
    http_reply(connection, "302 Found", "Location: file:///etc/passwd\r\n", "");
  } else if (strstr(request, " /missing")) {
    http_reply(connection, "404 Not Found", "", "0123456789");
  } else if (strstr(request, " /short")) {
    http_write(connection, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345", 44);
  } else if (strstr(request, " /stall")) {
    http_write(connection, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345", 44);
    http_wait_hangup(connection);
  } else if (strstr(request, " /silent")) {
    http_wait_hangup(connection);
  } else if (strstr(request, " /cancel")) {
    atomic_store(&fixture.scope.cancelled, true);
    http_wait_hangup(connection);
  } else if (strstr(request, " /garbage")) {
    http_write(connection, "\x15\x03\x01\x00\x02\x02\x16", 7);
  } else {
    http_reply(connection, "200 OK", "", server == &fixture.server ? "server" : "other");
  }
}

static int set_up(void **state) {
  (void)state;
  memset(&fixture, 0, sizeof fixture);
  http_server_start(&fixture.server, answer, NULL);
  http_server_start(&fixture.other, answer, NULL);
  ctd_scope_init(&fixture.scope, 20);
  return ctd_http_open(&fixture.http, &fixture.err);
}

static int tear_down(void **state) {
  (void)state;
  ctd_http_close(fixture.http);
  ctd_http_response_free(&fixture.response);
  ctd_error_clear(&fixture.err);
  http_server_stop(&fixture.server);
  http_server_stop(&fixture.other);
  return 0;
}

static int perform(struct ctd_http_request request, const char *path) {
  snprintf(fixture.url, sizeof fixture.url, "http://%s%s", fixture.server.authority, path);
  request.method = request.method ? request.method : "GET";
  request.url = request.url ? request.url : fixture.url;
  ctd_http_response_free(&fixture.response);
  ctd_error_clear(&fixture.err);
  return ctd_http_perform(fixture.http, &fixture.scope, &request, &fixture.response, &fixture.err);
}

static void check_body(const char *expected) {
  assert_int_equal(fixture.response.fault, CTD_HTTP_COMPLETE);
  assert_int_equal(fixture.response.body.size, strlen(expected));
  assert_memory_equal(fixture.response.body.data, expected, strlen(expected));
}

static void check_fault(int result, enum ctd_http_fault fault, enum ctd_code code, const char *expected) {
  assert_int_equal(result, -1);
  assert_int_equal(fixture.response.fault, fault);
  assert_int_equal(fixture.err.code, code);
  if (!strstr(fixture.err.message, expected))
    fail_msg("\"%s\" lacks \"%s\"", fixture.err.message, expected);
}

static void get(void **state) {
  (void)state;
  assert_int_equal(perform((struct ctd_http_request){0}, "/ok"), 0);
  assert_int_equal(fixture.response.status, 200);
  check_body("hello");
  const char *many = ctd_http_header(&fixture.response, "x-many", NULL);
  assert_string_equal(many, "one");
  many = ctd_http_header(&fixture.response, "x-many", many);
  assert_string_equal(many, "two");
  assert_null(ctd_http_header(&fixture.response, "x-many", many));
  assert_string_equal(ctd_http_header(&fixture.response, "content-type", NULL), "text/plain");
  assert_null(ctd_http_header(&fixture.response, "x", NULL));
  const char *request = http_server_request(&fixture.server, 0);
  assert_non_null(strstr(request, "GET /ok HTTP/1.1\r\n"));
  assert_non_null(strstr(request, "User-Agent: lua-containerd"));
  assert_null(strstr(request, "Accept-Encoding"));
}

static void head_and_post(void **state) {
  (void)state;
  assert_int_equal(perform((struct ctd_http_request){.method = "HEAD"}, "/ok"), 0);
  assert_int_equal(fixture.response.body.size, 0);
  assert_string_equal(ctd_http_header(&fixture.response, "content-length", NULL), "5");
  assert_int_equal(perform((struct ctd_http_request){.method = "POST", .body = "a=b", .body_size = 3}, "/ok"), 0);
  const char *request = http_server_request(&fixture.server, 1);
  assert_non_null(strstr(request, "POST /ok HTTP/1.1\r\n"));
  assert_string_equal(strstr(request, "\r\n\r\n") + 4, "a=b");
  assert_int_equal(perform((struct ctd_http_request){.method = "POST", .body = "a=b", .body_size = 3}, "/moved"), 0);
  assert_int_equal(fixture.response.status, 302);
}

static const struct ctd_http_header headers[] = {
    {"Authorization", "secret1", true}, {"X-Token", "secret2", true}, {"Range", "bytes=5-", false}, {"X-Empty", "", 0}};

static void redirects(void **state) {
  (void)state;
  const struct ctd_http_request request = {.headers = headers, .header_count = 4};
  assert_int_equal(perform(request, "/moved"), 0);
  check_body("hello");
  assert_false(fixture.response.redirected);
  assert_non_null(strstr(http_server_request(&fixture.server, 1), "secret1"));
  assert_non_null(strstr(http_server_request(&fixture.server, 1), "X-Empty:"));

  assert_int_equal(perform(request, "/away"), 0);
  check_body("hello");
  assert_true(fixture.response.redirected);
  assert_non_null(strstr(http_server_request(&fixture.server, 2), "secret2"));
  assert_int_equal(http_server_count(&fixture.other), 1);
  assert_null(strstr(http_server_request(&fixture.other, 0), "secret"));
  assert_non_null(strstr(http_server_request(&fixture.other, 0), "Range: bytes=5-"));

  check_fault(perform(request, "/loop"), CTD_HTTP_INVALID, CTD_UNAVAILABLE, "more than 10 redirects");
  assert_int_equal(http_server_count(&fixture.server), 3 + 11);
  check_fault(perform(request, "/file"), CTD_HTTP_INVALID, CTD_INVALID_ARGUMENT, "neither http nor https");
}

static void limits(void **state) {
  (void)state;
  assert_int_equal(perform((struct ctd_http_request){.limit = 5}, "/ok"), 0);
  check_fault(perform((struct ctd_http_request){.limit = 4}, "/ok"), CTD_HTTP_INVALID, CTD_OUT_OF_RANGE,
              "longer than 4");
  assert_int_equal(perform((struct ctd_http_request){.limit = 4}, "/missing"), 0);
  assert_int_equal(fixture.response.status, 404);
  check_body("0123");
}

static int sink(void *context, const struct ctd_http_response *response, const void *data, size_t size,
                struct ctd_error *err) {
  assert_int_equal(response->status, 200);
  if (!context)
    return ctd_error_set(err, CTD_ABORTED, "enough");
  return ctd_buffer_append(context, data, size, err);
}

static void sinks(void **state) {
  struct ctd_buffer body = {0};
  (void)state;
  assert_int_equal(perform((struct ctd_http_request){.sink = sink, .context = &body}, "/ok"), 0);
  assert_string_equal(body.data, "hello");
  assert_int_equal(fixture.response.body.size, 0);
  assert_int_equal(perform((struct ctd_http_request){.sink = sink, .context = &body}, "/missing"), 0);
  assert_string_equal(body.data, "hello");
  check_body("0123456789");
  check_fault(perform((struct ctd_http_request){.sink = sink}, "/ok"), CTD_HTTP_SINK, CTD_ABORTED, "enough");
  ctd_buffer_free(&body);
}

static void faults(void **state) {
  (void)state;
  check_fault(perform((struct ctd_http_request){0}, "/short"), CTD_HTTP_CUT, CTD_UNAVAILABLE, "");
  check_fault(perform((struct ctd_http_request){0}, "/garbage"), CTD_HTTP_NOT_HTTP, CTD_UNAVAILABLE, "");
  check_fault(perform((struct ctd_http_request){.url = "http://127.0.0.1:1/"}, ""), CTD_HTTP_REFUSED,
              CTD_CONNECTION_REFUSED, "connection refused");
  check_fault(perform((struct ctd_http_request){.url = "gopher://127.0.0.1/"}, ""), CTD_HTTP_INVALID,
              CTD_INVALID_ARGUMENT, "neither http nor https");
  const struct ctd_http_header split = {"X-A", "b\r\nX-C: d", false};
  check_fault(perform((struct ctd_http_request){.headers = &split, .header_count = 1}, "/ok"), CTD_HTTP_INVALID,
              CTD_INVALID_ARGUMENT, "isn't one line");
  char https[64];
  snprintf(https, sizeof https, "https://%s/ok", fixture.server.authority);
  /* The server reads a TLS greeting as the start of a request until the client gives up. */
  check_fault(perform((struct ctd_http_request){.url = https, .dial_timeout = 0.1}, ""), CTD_HTTP_CUT, CTD_UNAVAILABLE,
              "");
}

static void stalls(void **state) {
  double start = ctd_now_monotonic();
  (void)state;
  check_fault(perform((struct ctd_http_request){.idle_timeout = 0.1}, "/stall"), CTD_HTTP_CUT, CTD_UNAVAILABLE,
              "no byte came for 0.1 s");
  assert_int_equal(fixture.response.status, 200);
  check_fault(perform((struct ctd_http_request){.idle_timeout = 0.1}, "/silent"), CTD_HTTP_CUT, CTD_UNAVAILABLE,
              "no byte came for 0.1 s");
  assert_true(ctd_now_monotonic() - start < 5);
}

static void scopes(void **state) {
  (void)state;
  double start = ctd_now_monotonic();
  check_fault(perform((struct ctd_http_request){0}, "/cancel"), CTD_HTTP_SCOPE, CTD_CANCELLED, "cancelled");
  assert_true(ctd_now_monotonic() - start < 2);
  ctd_scope_init(&fixture.scope, 0.2);
  check_fault(perform((struct ctd_http_request){0}, "/stall"), CTD_HTTP_SCOPE, CTD_DEADLINE_EXCEEDED, "timed out");
  assert_true(ctd_now_monotonic() - start < 4);
}

static void proxies(void **state) {
  char proxy[64];
  (void)state;
  snprintf(proxy, sizeof proxy, "http://%s", fixture.other.authority);
  setenv("HTTP_PROXY", proxy, 1);
  assert_int_equal(perform((struct ctd_http_request){.url = "http://r.invalid/ok"}, ""), 0);
  check_body("other");
  assert_non_null(strstr(http_server_request(&fixture.other, 0), "GET http://r.invalid/ok HTTP/1.1"));
  assert_int_equal(perform((struct ctd_http_request){0}, "/ok"), 0);
  assert_int_equal(http_server_count(&fixture.server), 1);

  setenv("NO_PROXY", "r.invalid", 1);
  assert_int_equal(perform((struct ctd_http_request){.url = "http://r.invalid/ok"}, ""), -1);
  unsetenv("NO_PROXY");
  setenv("REQUEST_METHOD", "GET", 1);
  check_fault(perform((struct ctd_http_request){.url = "http://r.invalid/ok"}, ""), CTD_HTTP_UNKNOWN, CTD_UNAVAILABLE,
              "r.invalid");
  unsetenv("REQUEST_METHOD");
  unsetenv("HTTP_PROXY");
  setenv("http_proxy", proxy, 1);
  assert_int_equal(perform((struct ctd_http_request){.url = "http://r.invalid/ok"}, ""), 0);
  unsetenv("http_proxy");
  assert_int_equal(http_server_count(&fixture.other), 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(get, set_up, tear_down),
      cmocka_unit_test_setup_teardown(head_and_post, set_up, tear_down),
      cmocka_unit_test_setup_teardown(redirects, set_up, tear_down),
      cmocka_unit_test_setup_teardown(limits, set_up, tear_down),
      cmocka_unit_test_setup_teardown(sinks, set_up, tear_down),
      cmocka_unit_test_setup_teardown(faults, set_up, tear_down),
      cmocka_unit_test_setup_teardown(stalls, set_up, tear_down),
      cmocka_unit_test_setup_teardown(scopes, set_up, tear_down),
      cmocka_unit_test_setup_teardown(proxies, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
