#include "base/buffer.h"
#include "base/error.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void every_code_has_a_name(void **state) {
  (void)state;
  for (int code = 0; code < CTD_CODE_COUNT; code++)
    assert_non_null(ctd_code_name(code));
  assert_string_equal(ctd_code_name(CTD_UNSUPPORTED_PLATFORM), "unsupported_platform");
  assert_string_equal(ctd_code_name(CTD_CODE_COUNT), "unknown");
}

static void set_makes_one_line(void **state) {
  (void)state;
  struct ctd_error err = {0};
  assert_int_equal(ctd_error_set(&err, CTD_NOT_FOUND, "a\nb %s", "c\r\nd"), -1);
  assert_string_equal(err.message, "a b c  d");
  assert_int_equal(err.code, CTD_NOT_FOUND);
}

static void prefix_may_quote_the_error_itself(void **state) {
  (void)state;
  struct ctd_error err = {0};
  ctd_error_set(&err, CTD_NOT_FOUND, "no");
  err.details = json_array();
  assert_int_equal(ctd_error_prefix(&err, "read %s", "x"), -1);
  assert_string_equal(err.message, "read x: no");
  assert_non_null(err.details);
  ctd_error_set(&err, CTD_UNKNOWN, "again: %s", err.message);
  assert_string_equal(err.message, "again: read x: no");
  assert_null(err.details);
}

static void long_texts_are_cut(void **state) {
  (void)state;
  struct ctd_error err = {0};
  char text[2 * sizeof err.message];
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  ctd_error_set(&err, CTD_UNKNOWN, "%s", text);
  ctd_error_prefix(&err, "%s", text);
  assert_int_equal(strlen(err.message), sizeof err.message - 1);
}

static void errno_gives_code_and_reason(void **state) {
  (void)state;
  struct ctd_error err = {0};
  assert_int_equal(ctd_error_errno(&err, ENOENT, "open %s", "/x"), -1);
  assert_string_equal(err.message, "open /x: No such file or directory");
  assert_int_equal(err.code, CTD_NOT_FOUND);
  ctd_error_errno(&err, ENOSPC, "write");
  assert_int_equal(err.code, CTD_RESOURCE_EXHAUSTED);
}

static void move_leaves_the_source_empty(void **state) {
  (void)state;
  struct ctd_error from = {0}, to = {0};
  ctd_error_set(&from, CTD_ABORTED, "why");
  from.details = json_object();
  ctd_error_move(&to, &from);
  assert_int_equal(from.code, CTD_OK);
  assert_null(from.details);
  assert_string_equal(to.message, "why");
  ctd_error_clear(&to);
  assert_null(to.details);
}

static void buffers_grow_and_format(void **state) {
  (void)state;
  struct ctd_error err = {0};
  struct ctd_buffer buffer = {0};
  for (int i = 0; i < 1000; i++)
    assert_int_equal(ctd_buffer_printf(&buffer, &err, "%d,", i), 0);
  assert_int_equal(buffer.size, 10 * 2 + 90 * 3 + 900 * 4);
  assert_int_equal(strlen(buffer.data), buffer.size);
  assert_int_equal(ctd_buffer_append(&buffer, NULL, SIZE_MAX / 2, &err), -1);
  assert_int_equal(err.code, CTD_RESOURCE_EXHAUSTED);
  assert_int_equal(strlen(buffer.data), buffer.size);
  ctd_buffer_free(&buffer);
}

static void files_are_read_within_the_limit(void **state) {
  (void)state;
  struct ctd_error err = {0};
  struct ctd_buffer buffer = {0};
  assert_int_equal(ctd_buffer_read_file(&buffer, "/no/such/file", 10, &err), -1);
  assert_int_equal(err.code, CTD_NOT_FOUND);
  assert_int_equal(ctd_buffer_read_file(&buffer, "/etc/passwd", 10, &err), -1);
  assert_int_equal(err.code, CTD_OUT_OF_RANGE);
  assert_int_equal(ctd_buffer_read_file(&buffer, "/dev/zero", 10, &err), -1);
  assert_int_equal(err.code, CTD_INVALID_ARGUMENT);
  ctd_buffer_free(&buffer);
  assert_int_equal(ctd_buffer_read_file(&buffer, "/etc/passwd", 1 << 20, &err), 0);
  assert_true(buffer.size > 0);
  ctd_buffer_free(&buffer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_code_has_a_name),
      cmocka_unit_test(set_makes_one_line),
      cmocka_unit_test(prefix_may_quote_the_error_itself),
      cmocka_unit_test(long_texts_are_cut),
      cmocka_unit_test(errno_gives_code_and_reason),
      cmocka_unit_test(move_leaves_the_source_empty),
      cmocka_unit_test(buffers_grow_and_format),
      cmocka_unit_test(files_are_read_within_the_limit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
