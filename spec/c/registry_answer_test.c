#include "registry/answer.h"

#include "cmocka_all.h"
#include "registry/libcurl.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static void response_with(struct ctd_http_response *response, const char *header, const char *body) {
  struct ctd_error err = {0};
  *response = (struct ctd_http_response){0};
  if (header)
    assert_int_equal(ctd_buffer_append(&response->headers, header, strlen(header) + 1, &err), 0);
  assert_int_equal(ctd_buffer_append(&response->body, body, strlen(body), &err), 0);
}

static double retry_after(const char *header) {
  struct ctd_http_response response;
  response_with(&response, header, "");
  double seconds = ctd_answer_retry_after(&response);
  ctd_http_response_free(&response);
  return seconds;
}

/* What reads dates is libcurl, which whoever has an answer has loaded. */
static int load(void **state) {
  struct ctd_error err = {0};
  (void)state;
  return ctd_libcurl_load(&err);
}

static void retry_after_seconds(void **state) {
  (void)state;
  assert_true(retry_after("retry-after: 7") == 7);
  assert_true(retry_after("retry-after: 0") == 0);
  assert_true(retry_after("retry-after: -5") == 0);
  assert_true(retry_after("retry-after: 86400") == 60);
  assert_true(retry_after("retry-after: soon") == 0);
  assert_true(retry_after("retry-after: nan") == 0);
  assert_true(retry_after("retry-after:") == 0);
  assert_true(retry_after(NULL) == 0);
}

static void retry_after_date(void **state) {
  char header[80];
  struct tm utc;
  time_t then = time(NULL) + 30;
  (void)state;
  gmtime_r(&then, &utc);
  strftime(header, sizeof header, "retry-after: %a, %d %b %Y %H:%M:%S GMT", &utc);
  double seconds = retry_after(header);
  assert_true(seconds > 20 && seconds <= 30);
  assert_true(retry_after("retry-after: Wed, 21 Oct 2015 07:28:00 GMT") == 0);
}

static void text(void **state) {
  static const struct {
    const char *body, *expected;
  } rows[] = {
      {"{\"errors\":[{\"code\":\"DENIED\",\"message\":\"no\",\"detail\":{}}]}", "DENIED: no"},
      {"{\"errors\":[{\"code\":\"DENIED\"}]}", "DENIED"},
      {"{\"errors\":[]}", ""},
      {"{\"error\":\"invalid_grant\",\"error_description\":\"expired\"}", "invalid_grant: expired"},
      {"{\"details\":\"wrong user or password\"}", "wrong user or password"},
      {"{\"errors\":\"x\"}", ""},
      {"<html>404</html>", ""},
      {"", ""},
      {"{\"errors\":[{\"message\":\"0123456789012345678901234567\xc3\xa4\"}]}", "0123456789012345678901234567"},
      {"{\"errors\":[{\"message\":\"01234567890123456789012345678\xc3\xa4\"}]}", "01234567890123456789012345678"},
      {"{\"errors\":[{\"message\":\"012345678901234567890123456\xc3\xa4\"}]}", "012345678901234567890123456\xc3\xa4"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct ctd_http_response response;
    char out[30];
    response_with(&response, NULL, rows[i].body);
    ctd_answer_text(&response, out, sizeof out);
    assert_string_equal(out, rows[i].expected);
    ctd_http_response_free(&response);
  }
}

static void codes(void **state) {
  static const struct {
    int status;
    enum ctd_code code;
    bool transient;
  } rows[] = {
      {400, CTD_UNAVAILABLE, false},       {401, CTD_UNAUTHENTICATED, false}, {403, CTD_PERMISSION_DENIED, false},
      {404, CTD_NOT_FOUND, false},         {408, CTD_UNAVAILABLE, true},      {416, CTD_UNAVAILABLE, false},
      {429, CTD_RESOURCE_EXHAUSTED, true}, {500, CTD_UNAVAILABLE, true},      {501, CTD_UNAVAILABLE, false},
      {503, CTD_UNAVAILABLE, true},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    assert_int_equal(ctd_answer_code(rows[i].status), rows[i].code);
    assert_int_equal(ctd_answer_transient(rows[i].status), rows[i].transient);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(retry_after_seconds),
      cmocka_unit_test(retry_after_date),
      cmocka_unit_test(text),
      cmocka_unit_test(codes),
  };
  return cmocka_run_group_tests(tests, load, NULL);
}
