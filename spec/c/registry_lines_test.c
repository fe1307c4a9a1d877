#include "registry/lines.h"

#include "cmocka_all.h"
#include "http_server.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOB_SIZE ((size_t)14 << 20)
#define PAUSE 300000 /* microseconds; longer than it takes to judge a line */
#define SHORT_PAUSE 150000

/*
 * The server answers its requests as the letters of its script say, the last letter for ever: k good, p with a pause
 * after the first bytes, s with a short one, i good but ignoring Range, 4 404.
 */
struct fixture {
  struct http_server server;
  const char *script;
  char *blob, digest[CTD_DIGEST_SIZE];
  struct ctd_lines *lines;
  struct ctd_scope scope;
  struct ctd_registry *registry;
  struct ctd_buffer got;
  struct ctd_error err;
};

static struct fixture fixture;

/* The bytes that are asked for, *end being behind the last. */
static bool range_read(const char *request, size_t *from, size_t *end) {
  const char *range = strstr(request, "\r\nRange: bytes=");
  char *rest;
  *from = 0;
  *end = BLOB_SIZE;
  if (!range)
    return false;
  *from = strtoul(range + strlen("\r\nRange: bytes="), &rest, 10);
  if (rest[1] != '\r')
    *end = strtoul(rest + 1, NULL, 10) + 1;
  return true;
}

static void answer(struct http_server *server, int connection, const char *request, int count) {
  size_t from, end, first = 1000, last = strlen(fixture.script) - 1;
  char letter = fixture.script[(size_t)count < last ? (size_t)count : last], head[300];
  (void)server;
  if (letter == '4') {
    http_reply(connection, "404 Not Found", "", "");
    return;
  }
  bool part = range_read(letter == 'i' ? "" : request, &from, &end);
  int size =
      snprintf(head, sizeof head,
               "HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: %zu\r\nContent-Range: bytes %zu-%zu/%zu\r\n\r\n",
               part ? "206 Partial Content" : "200 OK", end - from, from, end - 1, BLOB_SIZE);
  http_write(connection, head, (size_t)size);
  http_write(connection, fixture.blob + from, first);
  if (letter == 'p' || letter == 's')
    usleep(letter == 'p' ? PAUSE : SHORT_PAUSE);
  http_write(connection, fixture.blob + from + first, end - from - first);
}

static int set_up(void **state) {
  const struct ctd_registry_options options = {.retries = 1};
  (void)state;
  memset(&fixture, 0, sizeof fixture);
  fixture.blob = malloc(BLOB_SIZE);
  for (size_t i = 0; i < BLOB_SIZE; i++)
    fixture.blob[i] = (char)(i * 2654435761u >> 13);
  http_server_start(&fixture.server, answer, NULL);
  ctd_scope_init(&fixture.scope, 60);
  assert_int_equal(ctd_sha256_of(fixture.blob, BLOB_SIZE, fixture.digest, &fixture.err), 0);
  assert_int_equal(ctd_registry_open(&fixture.registry, fixture.server.authority, "some/thing", "some/thing:1",
                                     &options, &fixture.err),
                   0);
  return ctd_lines_open(&fixture.lines, &fixture.err);
}

static int tear_down(void **state) {
  (void)state;
  ctd_lines_close(fixture.lines);
  ctd_registry_close(fixture.registry);
  ctd_buffer_free(&fixture.got);
  ctd_error_clear(&fixture.err);
  http_server_stop(&fixture.server);
  free(fixture.blob);
  return 0;
}

static int buffer_sink(void *context, const void *data, size_t size, struct ctd_error *err) {
  return ctd_buffer_append(context, data, size, err);
}

static int fetch(const char *script, size_t offset) {
  const struct ctd_blob blob = {"application/x-layer", fixture.digest, (int64_t)BLOB_SIZE, NULL};
  fixture.script = script;
  ctd_buffer_free(&fixture.got);
  ctd_error_clear(&fixture.err);
  return ctd_lines_fetch(fixture.lines, fixture.registry, &fixture.scope, &blob, (int64_t)offset, buffer_sink,
                         &fixture.got, &fixture.err);
}

static void check_fetch(const char *script, size_t offset) {
  assert_int_equal(fetch(script, offset), 0);
  assert_int_equal(fixture.got.size, BLOB_SIZE - offset);
  assert_memory_equal(fixture.got.data, fixture.blob + offset, BLOB_SIZE - offset);
}

/* How many requests asked for a part with an end. */
static int count_parts(void) {
  size_t from, end;
  int count = 0;
  for (int i = 0; i < http_server_count(&fixture.server); i++)
    count += range_read(http_server_request(&fixture.server, i), &from, &end) && end < BLOB_SIZE;
  return count;
}

/* On a machine that is busy elsewhere it may look slow. */
static void fast_over_one_line(void **state) {
  (void)state;
  double began = ctd_now_monotonic();
  check_fetch("k", 0);
  if (ctd_now_monotonic() - began < 0.05)
    assert_int_equal(http_server_count(&fixture.server), 1);
}

static void from_an_offset(void **state) {
  (void)state;
  check_fetch("k", 1000);
  check_fetch("pk", 1000);
  check_fetch("k", BLOB_SIZE);
}

static void slow_over_several(void **state) {
  (void)state;
  check_fetch("pk", 0);
  assert_true(count_parts() > 4);
}

static void check_parts(size_t offset, int count) {
  size_t from, end;
  int before = http_server_count(&fixture.server);
  check_fetch("k", offset);
  for (int i = before; i < http_server_count(&fixture.server); i++)
    assert_true(range_read(http_server_request(&fixture.server, i), &from, &end) && from >= offset);
  assert_int_equal(http_server_count(&fixture.server) - before, count);
}

/* They were worth it the last time, so they are used from the beginning: for one part each, if that isn't too large. */
static void several_again(void **state) {
  (void)state;
  check_fetch("pk", 0);
  check_parts(1000, 7);
  check_parts(BLOB_SIZE / 2, 4);
}

/* The server serves one after the other, so that all together are no faster. */
static void several_in_vain(void **state) {
  (void)state;
  check_fetch("sp", 0);
  int before = count_parts();
  assert_true(before > 0);
  check_fetch("s", 0);
  assert_int_equal(count_parts(), before);
}

static void slow_without_ranges(void **state) {
  (void)state;
  check_fetch("pi", 0);
  assert_true(count_parts() > 0);
}

static void part_that_is_refused(void **state) {
  (void)state;
  check_fetch("pkk4k", 0);
}

static void all_refused(void **state) {
  (void)state;
  assert_int_equal(fetch("p4", 0), -1);
  assert_int_equal(fixture.err.code, CTD_NOT_FOUND);
}

static void cancel(struct http_server *server, int connection, const char *request, int count) {
  if (count == 2)
    ctd_scope_cancel(&fixture.scope);
  answer(server, connection, request, count);
}

static void ends_with_the_scope(void **state) {
  (void)state;
  fixture.server.answer = cancel;
  assert_int_equal(fetch("pkp", 0), -1);
  assert_int_equal(fixture.err.code, CTD_CANCELLED);
}

static int failing_sink(void *context, const void *data, size_t size, struct ctd_error *err) {
  (void)data;
  size_t *left = context;
  if (size > *left)
    return ctd_error_set(err, CTD_RESOURCE_EXHAUSTED, "disk full");
  *left -= size;
  return 0;
}

static void returns_the_sinks_error(void **state) {
  const struct ctd_blob blob = {"application/x-layer", fixture.digest, (int64_t)BLOB_SIZE, NULL};
  size_t left = BLOB_SIZE / 2;
  (void)state;
  fixture.script = "pk";
  assert_int_equal(
      ctd_lines_fetch(fixture.lines, fixture.registry, &fixture.scope, &blob, 0, failing_sink, &left, &fixture.err),
      -1);
  assert_string_equal(fixture.err.message, "disk full");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(fast_over_one_line, set_up, tear_down),
      cmocka_unit_test_setup_teardown(from_an_offset, set_up, tear_down),
      cmocka_unit_test_setup_teardown(slow_over_several, set_up, tear_down),
      cmocka_unit_test_setup_teardown(several_again, set_up, tear_down),
      cmocka_unit_test_setup_teardown(several_in_vain, set_up, tear_down),
      cmocka_unit_test_setup_teardown(slow_without_ranges, set_up, tear_down),
      cmocka_unit_test_setup_teardown(part_that_is_refused, set_up, tear_down),
      cmocka_unit_test_setup_teardown(all_refused, set_up, tear_down),
      cmocka_unit_test_setup_teardown(ends_with_the_scope, set_up, tear_down),
      cmocka_unit_test_setup_teardown(returns_the_sinks_error, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
