#include "registry/fetch.h"

#include "cmocka_all.h"
#include "http_server.h"
#include "scratch.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOB_SIZE 100000
#define INDEX_TYPE "application/vnd.oci.image.index.v1+json"

/*
 * Two hosts of one repository. Each answers its requests as the letters of its script say, the last letter for ever:
 * k good, b five megabytes, i good but ignoring Range, c cut in the middle, s stalled in the middle, h short but
 * complete, l too long, L too long without saying so, r another range than asked for, w wrong bytes, e encoded, and
 * refusals by their status: 1 401, 3 403, 4 404, 9 429, 5 503.
 */
struct fixture {
  struct http_server mirror, server;
  const char *mirror_script, *server_script;
  char blob[BLOB_SIZE], digest[CTD_DIGEST_SIZE];
  const char *type; /* of the manifest that the blob also is */
  char *hosts_dir;
  struct ctd_http *http;
  struct ctd_scope scope;
  struct ctd_registry *registry;
  struct ctd_buffer got;
  struct ctd_error err;
};

static struct fixture fixture;

static bool answer_refusal(int connection, char letter) {
  switch (letter) {
  case '1':
    http_reply(connection, "401 Unauthorized", "", "");
    return true;
  case '3':
    http_reply(connection, "403 Forbidden", "", "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"not yours\"}]}");
    return true;
  case '4':
    http_reply(connection, "404 Not Found", "", "");
    return true;
  case '9':
    http_reply(connection, "429 Too Many Requests", "Retry-After: 1\r\n", "");
    return true;
  case '5':
    http_reply(connection, "503 Service Unavailable", "", "");
    return true;
  default:
    return false;
  }
}

static void answer_big(int connection) {
  static char spaces[5000001];
  memset(spaces, ' ', sizeof spaces - 1);
  http_reply(connection, "200 OK", "", spaces);
}

static void answer(struct http_server *server, int connection, const char *request, int count) {
  const char *script = server == &fixture.mirror ? fixture.mirror_script : fixture.server_script;
  char letter = script[(size_t)count < strlen(script) ? (size_t)count : strlen(script) - 1];
  if (answer_refusal(connection, letter))
    return;
  if (letter == 'b') {
    answer_big(connection);
    return;
  }
  const char *range = letter == 'i' ? NULL : strstr(request, "\r\nRange: bytes=");
  size_t from = range ? strtoul(range + strlen("\r\nRange: bytes="), NULL, 10) : 0;
  size_t size = BLOB_SIZE - from + (letter == 'l' || letter == 'L') - (letter == 'h' ? 10 : 0);
  char *head = NULL, *body = calloc(1, size + 1);
  memcpy(body, fixture.blob + from, size < BLOB_SIZE - from ? size : BLOB_SIZE - from);
  if (letter == 'w')
    body[size / 2] ^= 1;
  if (letter == 'r')
    from++;
  int head_size =
      asprintf(&head,
               "HTTP/1.1 %s\r\nConnection: close\r\nContent-Type: %s\r\n%sContent-Range: bytes "
               "%zu-%d/%d\r\nDocker-Content-Digest: %s\r\n",
               range ? "206 Partial Content" : "200 OK", fixture.type,
               letter == 'e' ? "Content-Encoding: gzip\r\n" : "", from, BLOB_SIZE - 1, BLOB_SIZE, fixture.digest);
  http_write(connection, head, (size_t)head_size);
  if (letter == 'L' || letter == 'h')
    http_write(connection, "\r\n", 2);
  else {
    head_size = snprintf(head, (size_t)head_size, "Content-Length: %zu\r\n\r\n", size);
    http_write(connection, head, (size_t)head_size);
  }
  http_write(connection, body, letter == 'c' || letter == 's' ? size / 2 : size);
  if (letter == 's')
    http_wait_hangup(connection);
  free(head);
  free(body);
}

/* A registry whose hosts are the mirror, if it has a script, and the server. */
static void open_with(const char *mirror_script, const char *server_script, struct ctd_registry_options options) {
  char text[512];
  fixture.mirror_script = mirror_script;
  fixture.server_script = server_script;
  snprintf(text, sizeof text, "server = \"http://%s\"\n", fixture.server.authority);
  if (mirror_script)
    snprintf(text + strlen(text), sizeof text - strlen(text), "[host.\"http://%s\"]\n", fixture.mirror.authority);
  free(scratch_write(fixture.hosts_dir, "_default/hosts.toml", text));
  options.hosts_dir = fixture.hosts_dir;
  assert_int_equal(
      ctd_registry_open(&fixture.registry, "r.example", "some/thing", "r.example/some/thing:1", &options, &fixture.err),
      0);
}

static int set_up(void **state) {
  (void)state;
  memset(&fixture, 0, sizeof fixture);
  for (size_t i = 0; i < BLOB_SIZE; i++)
    fixture.blob[i] = (char)(i * 2654435761u >> 13);
  fixture.type = INDEX_TYPE;
  fixture.hosts_dir = scratch_new();
  http_server_start(&fixture.mirror, answer, NULL);
  http_server_start(&fixture.server, answer, NULL);
  ctd_scope_init(&fixture.scope, 30);
  assert_int_equal(ctd_sha256_of(fixture.blob, BLOB_SIZE, fixture.digest, &fixture.err), 0);
  return ctd_http_open(&fixture.http, &fixture.err);
}

static int tear_down(void **state) {
  (void)state;
  ctd_registry_close(fixture.registry);
  ctd_http_close(fixture.http);
  ctd_buffer_free(&fixture.got);
  ctd_error_clear(&fixture.err);
  http_server_stop(&fixture.mirror);
  http_server_stop(&fixture.server);
  scratch_remove(fixture.hosts_dir);
  return 0;
}

static int sink(void *context, const void *data, size_t size, struct ctd_error *err) {
  return ctd_buffer_append(context, data, size, err);
}

static int fetch_from(int64_t offset, const char *const *urls) {
  const struct ctd_blob blob = {"application/x-layer", fixture.digest, BLOB_SIZE, urls};
  ctd_buffer_free(&fixture.got);
  ctd_error_clear(&fixture.err);
  return ctd_registry_fetch(fixture.registry, fixture.http, &fixture.scope, &blob, offset, sink, &fixture.got,
                            &fixture.err);
}

static void check_fetch(int64_t offset, const char *const *urls, int mirror_requests, int server_requests) {
  if (fetch_from(offset, urls) < 0)
    fail_msg("%s", fixture.err.message);
  assert_int_equal(fixture.got.size, BLOB_SIZE - offset);
  assert_memory_equal(fixture.got.data, fixture.blob + offset, (size_t)(BLOB_SIZE - offset));
  assert_int_equal(http_server_count(&fixture.mirror), mirror_requests);
  assert_int_equal(http_server_count(&fixture.server), server_requests);
}

static int resolve(const char *tag, const char *digest, struct ctd_resolved *out) {
  ctd_error_clear(&fixture.err);
  return ctd_registry_resolve(fixture.registry, fixture.http, &fixture.scope, tag, digest, out, &fixture.err);
}

static void check_resolve(const char *tag, const char *digest, int mirror_requests, int server_requests) {
  struct ctd_resolved out;
  if (resolve(tag, digest, &out) < 0)
    fail_msg("%s", fixture.err.message);
  assert_string_equal(out.digest, fixture.digest);
  assert_string_equal(out.media_type, INDEX_TYPE);
  assert_int_equal(out.bytes.size, BLOB_SIZE);
  assert_memory_equal(out.bytes.data, fixture.blob, BLOB_SIZE);
  assert_int_equal(http_server_count(&fixture.mirror), mirror_requests);
  assert_int_equal(http_server_count(&fixture.server), server_requests);
  ctd_resolved_free(&out);
}

static void check_error(int result, enum ctd_code code, const char *expected) {
  assert_int_equal(result, -1);
  if (fixture.err.code != code || !strstr(fixture.err.message, expected))
    fail_msg("%s: \"%s\" lacks \"%s\"", ctd_code_name(fixture.err.code), fixture.err.message, expected);
}

static void resolve_tag(void **state) {
  (void)state;
  open_with("4", "k", (struct ctd_registry_options){0});
  check_resolve("1", NULL, 1, 1);
  const char *request = http_server_request(&fixture.mirror, 0);
  assert_non_null(strstr(request, "GET /v2/some/thing/manifests/1?ns=r.example HTTP/1.1\r\n"));
  assert_non_null(strstr(request, "Accept: application/vnd.docker.distribution.manifest.v2+json, "));
}

static void resolve_digest(void **state) {
  struct ctd_resolved out;
  (void)state;
  open_with("w", "k", (struct ctd_registry_options){0});
  check_resolve(NULL, fixture.digest, 1, 1);
  char path[128];
  snprintf(path, sizeof path, "GET /v2/some/thing/manifests/%s?ns", fixture.digest);
  assert_non_null(strstr(http_server_request(&fixture.server, 0), path));
  check_error(resolve(NULL, "sha512:00", &out), CTD_UNIMPLEMENTED, "only sha256");
}

static void resolve_retries(void **state) {
  (void)state;
  open_with(NULL, "5ck", (struct ctd_registry_options){0});
  check_resolve("1", NULL, 0, 3);
}

static void resolve_types(void **state) {
  static const struct {
    const char *header, *json, *expected;
  } rows[] = {
      {INDEX_TYPE "; charset=utf-8", "{}", INDEX_TYPE},
      {"application/json", "{\"mediaType\": \"application/vnd.x\"}", "application/vnd.x"},
      {"text/plain; x=y", "{\"manifests\": []}", INDEX_TYPE},
      {"application/octet-stream", "{\"config\": {}}", "application/vnd.oci.image.manifest.v1+json"},
      {"text/plain", "not json", "text/plain"},
  };
  (void)state;
  open_with(NULL, "k", (struct ctd_registry_options){0});
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct ctd_resolved out;
    memset(fixture.blob, ' ', BLOB_SIZE);
    memcpy(fixture.blob, rows[i].json, strlen(rows[i].json));
    fixture.type = rows[i].header;
    assert_int_equal(ctd_sha256_of(fixture.blob, BLOB_SIZE, fixture.digest, &fixture.err), 0);
    if (resolve("1", NULL, &out) < 0)
      fail_msg("%s", fixture.err.message);
    assert_string_equal(out.media_type, rows[i].expected);
    ctd_resolved_free(&out);
  }
}

static void resolve_errors(void **state) {
  static const struct {
    const char *mirror, *server;
    enum ctd_code code;
    int status;
    const char *expected;
  } rows[] = {
      {NULL, "4", CTD_NOT_FOUND, 404, "resolve r.example/some/thing:1: not found: 127.0.0.1:"},
      {"4", "3", CTD_PERMISSION_DENIED, 403, " answered 403: DENIED: not yours"},
      {"3", "4", CTD_PERMISSION_DENIED, 403, " answered 404"},
      {"1", "3", CTD_UNAUTHENTICATED, 401, "answered 401: it asks for no kind of authentication"},
      {"w", "1", CTD_DIGEST_MISMATCH, 200, "digest mismatch: 127.0.0.1:"},
      {"5", "4", CTD_UNAVAILABLE, 503, " answered 503, 127.0.0.1:"},
      {NULL, "9", CTD_RESOURCE_EXHAUSTED, 429, "resource exhausted: 127.0.0.1:"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct ctd_resolved out;
    open_with(rows[i].mirror, rows[i].server, (struct ctd_registry_options){.retries = -1});
    check_error(resolve("1", NULL, &out), rows[i].code, rows[i].expected);
    assert_int_equal(fixture.err.status, rows[i].status);
    assert_int_equal(json_array_size(fixture.err.details), rows[i].mirror ? 2 : 1);
    const json_t *last = json_array_get(fixture.err.details, json_array_size(fixture.err.details) - 1);
    assert_string_equal(json_string_value(json_object_get(last, "host")), fixture.server.authority);
    assert_int_equal(json_integer_value(json_object_get(last, "tries")), 1);
    char url[128];
    snprintf(url, sizeof url, "http://%s/v2/some/thing/manifests/1", fixture.server.authority);
    assert_string_equal(json_string_value(json_object_get(last, "url")), url);
    ctd_registry_close(fixture.registry);
    fixture.registry = NULL;
  }
}

static void resolve_nothing_listens(void **state) {
  struct ctd_resolved out;
  double start = ctd_now_monotonic();
  (void)state;
  assert_int_equal(ctd_registry_open(&fixture.registry, "127.0.0.1:1", "x", "127.0.0.1:1/x:1",
                                     &(struct ctd_registry_options){0}, &fixture.err),
                   0);
  check_error(resolve("1", NULL, &out), CTD_CONNECTION_REFUSED,
              "resolve 127.0.0.1:1/x:1: connection refused: 127.0.0.1:1: connection refused");
  assert_true(ctd_now_monotonic() - start < 2);
}

static void resolve_too_large(void **state) {
  struct ctd_resolved out;
  (void)state;
  open_with("b", "4", (struct ctd_registry_options){0});
  check_error(resolve("1", NULL, &out), CTD_OUT_OF_RANGE, "longer than");
}

static void fetch_whole(void **state) {
  (void)state;
  open_with("k", "4", (struct ctd_registry_options){0});
  check_fetch(0, NULL, 1, 0);
  char path[160];
  snprintf(path, sizeof path, "GET /v2/some/thing/blobs/%s?ns=r.example HTTP/1.1\r\n", fixture.digest);
  assert_non_null(strstr(http_server_request(&fixture.mirror, 0), path));
  assert_null(strstr(http_server_request(&fixture.mirror, 0), "Range"));
  check_fetch(BLOB_SIZE, NULL, 1, 0);
}

static void fetch_from_offset(void **state) {
  (void)state;
  open_with(NULL, "k", (struct ctd_registry_options){0});
  check_fetch(70000, NULL, 0, 1);
  assert_non_null(strstr(http_server_request(&fixture.server, 0), "Range: bytes=70000-\r\n"));
  fixture.server_script = "i";
  check_fetch(70000, NULL, 0, 2);
}

static void fetch_resumes(void **state) {
  (void)state;
  open_with(NULL, "ccck", (struct ctd_registry_options){.retries = 1});
  check_fetch(0, NULL, 0, 4);
  assert_non_null(strstr(http_server_request(&fixture.server, 1), "Range: bytes=50000-\r\n"));
  assert_non_null(strstr(http_server_request(&fixture.server, 3), "Range: bytes=87500-\r\n"));
}

static void fetch_resumes_without_ranges(void **state) {
  (void)state;
  open_with(NULL, "ci", (struct ctd_registry_options){.retries = 1});
  check_fetch(0, NULL, 0, 2);
}

static void fetch_resumes_elsewhere(void **state) {
  (void)state;
  open_with("c4", "k", (struct ctd_registry_options){0});
  check_fetch(0, NULL, 1, 1);
  assert_non_null(strstr(http_server_request(&fixture.server, 0), "Range: bytes=50000-\r\n"));
}

static void fetch_stalled(void **state) {
  (void)state;
  open_with(NULL, "sk", (struct ctd_registry_options){.idle_timeout = 0.1});
  check_fetch(0, NULL, 0, 2);
}

static void fetch_short(void **state) {
  (void)state;
  open_with(NULL, "hk", (struct ctd_registry_options){0});
  check_fetch(0, NULL, 0, 2);
  assert_non_null(strstr(http_server_request(&fixture.server, 1), "Range: bytes=99990-\r\n"));
}

static void fetch_waits_as_told(void **state) {
  double start = ctd_now_monotonic();
  (void)state;
  open_with(NULL, "9k", (struct ctd_registry_options){0});
  check_fetch(0, NULL, 0, 2);
  assert_true(ctd_now_monotonic() - start >= 1);
}

static void fetch_refuses(void **state) {
  static const struct {
    const char *script;
    enum ctd_code code;
    const char *expected;
  } rows[] = {
      {"l", CTD_OUT_OF_RANGE, "more bytes than the descriptor says"},
      {"L", CTD_OUT_OF_RANGE, "more bytes than the descriptor says"},
      {"r", CTD_DATA_LOSS, "sent another range than asked for"},
      {"e", CTD_DATA_LOSS, "encoding"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    open_with(NULL, rows[i].script, (struct ctd_registry_options){0});
    check_error(fetch_from(10, NULL), rows[i].code, rows[i].expected);
    assert_non_null(strstr(fixture.err.message, "fetch sha256:"));
    assert_non_null(strstr(fixture.err.message, " of r.example/some/thing:1: "));
    assert_int_equal(http_server_count(&fixture.server), i + 1);
    ctd_registry_close(fixture.registry);
    fixture.registry = NULL;
  }
}

static void fetch_gives_up(void **state) {
  (void)state;
  open_with(NULL, "5", (struct ctd_registry_options){.retries = 2});
  check_error(fetch_from(0, NULL), CTD_UNAVAILABLE, " answered 503");
  assert_int_equal(http_server_count(&fixture.server), 3);
  const json_t *first = json_array_get(fixture.err.details, 0);
  assert_int_equal(json_integer_value(json_object_get(first, "tries")), 3);
}

static void fetch_ends_with_the_scope(void **state) {
  (void)state;
  open_with(NULL, "9", (struct ctd_registry_options){0});
  ctd_scope_init(&fixture.scope, 0.3);
  check_error(fetch_from(0, NULL), CTD_DEADLINE_EXCEEDED, "timed out; 127.0.0.1:");
  assert_int_equal(json_array_size(fixture.err.details), 1);
}

static int failing_sink(void *context, const void *data, size_t size, struct ctd_error *err) {
  (void)context, (void)data, (void)size;
  return ctd_error_set(err, CTD_ABORTED, "disk full");
}

static void fetch_returns_the_sinks_error(void **state) {
  (void)state;
  open_with("k", "k", (struct ctd_registry_options){0});
  const struct ctd_blob blob = {"application/x-layer", fixture.digest, BLOB_SIZE, NULL};
  assert_int_equal(
      ctd_registry_fetch(fixture.registry, fixture.http, &fixture.scope, &blob, 0, failing_sink, NULL, &fixture.err),
      -1);
  assert_int_equal(fixture.err.code, CTD_ABORTED);
  assert_string_equal(fixture.err.message, "disk full");
  assert_int_equal(http_server_count(&fixture.server), 0);
}

static void fetch_foreign(void **state) {
  char url[64];
  const char *const urls[] = {"ftp://x.invalid/layer", url, NULL};
  (void)state;
  open_with(NULL, "4", (struct ctd_registry_options){.auth = {.username = "u", .password = "p"}});
  fixture.mirror_script = "k4";
  snprintf(url, sizeof url, "http://%s/layer?sign=secret", fixture.mirror.authority);
  check_fetch(0, urls, 1, 0);
  assert_non_null(strstr(http_server_request(&fixture.mirror, 0), "GET /layer?sign=secret HTTP"));
  assert_null(strstr(http_server_request(&fixture.mirror, 0), "Authorization"));
  check_error(fetch_from(0, urls), CTD_NOT_FOUND, "not found");
  char *details = json_dumps(fixture.err.details, 0);
  assert_null(strstr(details, "secret"));
  free(details);
}

static void fetch_after_rejection(void **state) {
  (void)state;
  open_with("w", "k", (struct ctd_registry_options){0});
  assert_int_equal(fetch_from(0, NULL), 0);
  assert_true(memcmp(fixture.got.data, fixture.blob, BLOB_SIZE) != 0);
  ctd_registry_reject(fixture.registry, fixture.digest);
  check_fetch(0, NULL, 1, 1);
  ctd_registry_reject(fixture.registry, fixture.digest);
  check_error(fetch_from(0, NULL), CTD_DIGEST_MISMATCH, "sent other bytes");
  assert_int_equal(json_array_size(fixture.err.details), 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(resolve_tag, set_up, tear_down),
      cmocka_unit_test_setup_teardown(resolve_digest, set_up, tear_down),
      cmocka_unit_test_setup_teardown(resolve_retries, set_up, tear_down),
      cmocka_unit_test_setup_teardown(resolve_types, set_up, tear_down),
      cmocka_unit_test_setup_teardown(resolve_errors, set_up, tear_down),
      cmocka_unit_test_setup_teardown(resolve_nothing_listens, set_up, tear_down),
      cmocka_unit_test_setup_teardown(resolve_too_large, set_up, tear_down),
      cmocka_unit_test_setup_teardown(fetch_whole, set_up, tear_down),
      cmocka_unit_test_setup_teardown(fetch_from_offset, set_up, tear_down),
      cmocka_unit_test_setup_teardown(fetch_resumes, set_up, tear_down),
      cmocka_unit_test_setup_teardown(fetch_resumes_without_ranges, set_up, tear_down),
      cmocka_unit_test_setup_teardown(fetch_resumes_elsewhere, set_up, tear_down),
      cmocka_unit_test_setup_teardown(fetch_stalled, set_up, tear_down),
      cmocka_unit_test_setup_teardown(fetch_short, set_up, tear_down),
      cmocka_unit_test_setup_teardown(fetch_waits_as_told, set_up, tear_down),
      cmocka_unit_test_setup_teardown(fetch_refuses, set_up, tear_down),
      cmocka_unit_test_setup_teardown(fetch_gives_up, set_up, tear_down),
      cmocka_unit_test_setup_teardown(fetch_ends_with_the_scope, set_up, tear_down),
      cmocka_unit_test_setup_teardown(fetch_returns_the_sinks_error, set_up, tear_down),
      cmocka_unit_test_setup_teardown(fetch_foreign, set_up, tear_down),
      cmocka_unit_test_setup_teardown(fetch_after_rejection, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
