/* The small rooms of the ground floor: clock, json, sha256. */
#include "base/clock.h"
#include "base/json.h"
#include "base/sha256.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void a_scope_ends_at_its_deadline(void **state) {
  (void)state;
  struct ctd_error err = {0};
  struct ctd_scope scope;
  ctd_scope_init(&scope, 0.02);
  double start = ctd_now_monotonic();
  assert_int_equal(ctd_scope_check(&scope, &err), 0);
  assert_int_equal(ctd_scope_sleep(&scope, 60, &err), -1);
  assert_int_equal(err.code, CTD_DEADLINE_EXCEEDED);
  assert_true(ctd_now_monotonic() - start < 10);
  assert_true(ctd_scope_slice(&scope) == 0);
}

static void a_scope_ends_when_cancelled(void **state) {
  (void)state;
  struct ctd_error err = {0};
  struct ctd_scope scope;
  ctd_scope_init(&scope, INFINITY);
  assert_int_equal(ctd_scope_sleep(&scope, 0.001, &err), 0);
  assert_true(ctd_scope_slice(&scope) == CTD_SLICE);
  atomic_store(&scope.cancelled, true);
  assert_int_equal(ctd_scope_sleep(&scope, 60, &err), -1);
  assert_int_equal(err.code, CTD_CANCELLED);
}

static void times_are_utc(void **state) {
  (void)state;
  char text[32];
  ctd_format_time(1700000000.9, text, sizeof text);
  assert_string_equal(text, "2023-11-14T22:13:20Z");
}

static void json_says_what_is_wrong(void **state) {
  (void)state;
  static const struct {
    const char *text, *message;
  } cases[] = {
      {"{\"a\":1,\"a\":2}", "duplicate"},
      {"{\"a\":", "line 1"},
      {"", "line"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct ctd_error err = {0};
    json_t *value;
    assert_int_equal(ctd_json_parse(&value, cases[i].text, strlen(cases[i].text), "manifest", &err), -1);
    assert_non_null(strstr(err.message, cases[i].message));
    assert_ptr_equal(strstr(err.message, "manifest"), err.message);
    assert_int_equal(err.code, CTD_INVALID_ARGUMENT);
  }
}

static void json_members_have_types(void **state) {
  (void)state;
  struct ctd_error err = {0};
  static const char text[] = "{\"s\":\"x\",\"i\":9007199254740993,\"b\":true,\"n\":null,\"l\":[1],\"o\":{}}";
  json_t *object, *array;
  const char *string;
  int64_t integer;
  bool boolean;
  assert_int_equal(ctd_json_parse(&object, text, strlen(text), "text", &err), 0);
  assert_int_equal(ctd_json_int(object, "i", &integer, 0, &err), 0);
  assert_true(integer == INT64_C(9007199254740993));
  assert_int_equal(ctd_json_string(object, "n", &string, &err), 0);
  assert_null(string);
  assert_int_equal(ctd_json_bool(object, "absent", &boolean, true, &err), 0);
  assert_true(boolean);
  assert_int_equal(ctd_json_array(object, "l", &array, &err), 0);
  assert_int_equal(json_array_size(array), 1);
  assert_int_equal(ctd_json_array(object, "o", &array, &err), -1);
  assert_non_null(strstr(err.message, "\"o\""));
  assert_int_equal(ctd_json_string(object, "i", &string, &err), -1);
  assert_int_equal(ctd_json_int(object, "s", &integer, 0, &err), -1);
  char *dump;
  assert_int_equal(ctd_json_dump(object, &dump, &err), 0);
  assert_string_equal(dump, text);
  free(dump);
  json_decref(object);
}

static void digests(void **state) {
  (void)state;
  struct ctd_error err = {0};
  struct ctd_sha256 *sha;
  char whole[CTD_DIGEST_SIZE], parts[CTD_DIGEST_SIZE];
  assert_int_equal(ctd_sha256_of("abc", 3, whole, &err), 0);
  assert_string_equal(whole, "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assert_int_equal(ctd_sha256_new(&sha, &err), 0);
  assert_int_equal(ctd_sha256_update(sha, "a", 1, &err), 0);
  assert_int_equal(ctd_sha256_update(sha, "bc", 2, &err), 0);
  assert_int_equal(ctd_sha256_digest(sha, parts, &err), 0);
  ctd_sha256_free(sha);
  assert_string_equal(parts, whole);
  assert_true(ctd_digest_valid(whole));
  whole[70] = 'G';
  assert_false(ctd_digest_valid(whole));
  assert_false(ctd_digest_valid("sha256:abc"));
  assert_false(ctd_digest_valid("md5:900150983cd24fb0d6963f7d28e17f72"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_scope_ends_at_its_deadline),
      cmocka_unit_test(a_scope_ends_when_cancelled),
      cmocka_unit_test(times_are_utc),
      cmocka_unit_test(json_says_what_is_wrong),
      cmocka_unit_test(json_members_have_types),
      cmocka_unit_test(digests),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
