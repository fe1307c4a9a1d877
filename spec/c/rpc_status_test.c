#include "rpc/status.h"

#include "cmocka_all.h"
#include <nghttp2/nghttp2.h>

static void check(unsigned status, const char *text, enum ctd_code code, const char *message) {
  struct ctd_error err = {0};
  assert_int_equal(ctd_status_check(status, text, &err), -1);
  assert_string_equal(ctd_code_name(err.code), ctd_code_name(code));
  assert_int_equal(err.status, status);
  assert_string_equal(err.message, message);
  ctd_error_clear(&err);
}

static void a_status_has_a_code(void **state) {
  struct ctd_error err = {0};
  (void)state;
  assert_int_equal(ctd_status_check(CTD_STATUS_OK, "fine", &err), 0);
  check(CTD_STATUS_CANCELLED, "a", CTD_CANCELLED, "a");
  check(CTD_STATUS_NOT_FOUND, "a", CTD_NOT_FOUND, "a");
  check(CTD_STATUS_INTERNAL, "a", CTD_UNKNOWN, "a");
  check(CTD_STATUS_UNAUTHENTICATED, "", CTD_UNAUTHENTICATED, "gRPC status 16");
  check(17, "", CTD_UNKNOWN, "gRPC status 17");
}

static void a_text_says_more_than_an_unknown_status(void **state) {
  (void)state;
  check(CTD_STATUS_UNKNOWN, "wait: context deadline exceeded", CTD_DEADLINE_EXCEEDED,
        "wait: context deadline exceeded");
  check(CTD_STATUS_UNKNOWN, "write: no space left on device", CTD_RESOURCE_EXHAUSTED, "write: no space left on device");
  check(CTD_STATUS_UNKNOWN, "filters: parse error: [x]: invalid argument", CTD_INVALID_ARGUMENT,
        "filters: parse error: [x]: invalid argument");
  check(CTD_STATUS_UNKNOWN, "filters: parse error: [x]", CTD_UNKNOWN, "filters: parse error: [x]");
  check(CTD_STATUS_ABORTED, "no space left on device", CTD_ABORTED, "no space left on device");
}

static void http_and_resets_have_a_status(void **state) {
  (void)state;
  assert_int_equal(ctd_status_of_http(400), CTD_STATUS_INTERNAL);
  assert_int_equal(ctd_status_of_http(401), CTD_STATUS_UNAUTHENTICATED);
  assert_int_equal(ctd_status_of_http(403), CTD_STATUS_PERMISSION_DENIED);
  assert_int_equal(ctd_status_of_http(404), CTD_STATUS_UNIMPLEMENTED);
  assert_int_equal(ctd_status_of_http(429), CTD_STATUS_UNAVAILABLE);
  assert_int_equal(ctd_status_of_http(504), CTD_STATUS_UNAVAILABLE);
  assert_int_equal(ctd_status_of_http(0), CTD_STATUS_UNKNOWN);
  assert_int_equal(ctd_status_of_reset(NGHTTP2_INADEQUATE_SECURITY), CTD_STATUS_PERMISSION_DENIED);
  assert_int_equal(ctd_status_of_reset(NGHTTP2_NO_ERROR), CTD_STATUS_INTERNAL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_status_has_a_code),
      cmocka_unit_test(a_text_says_more_than_an_unknown_status),
      cmocka_unit_test(http_and_resets_have_a_status),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
