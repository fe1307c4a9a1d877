#include "base/toml.h"

#include "cmocka_all.h"
#include <stdlib.h>
#include <string.h>

static void check(const char *text, const char *expected) {
  struct ctd_error err = {0};
  json_t *value = NULL;
  if (ctd_toml_parse(&value, text, strlen(text), "f.toml", &err) < 0)
    fail_msg("%s: %s", text, err.message);
  char *dump = json_dumps(value, JSON_COMPACT);
  assert_string_equal(dump, expected);
  free(dump);
  json_decref(value);
}

static void check_error(const char *text, const char *expected) {
  struct ctd_error err = {0};
  json_t *value = NULL;
  assert_int_equal(ctd_toml_parse(&value, text, strlen(text), "f.toml", &err), -1);
  assert_null(value);
  assert_int_equal(err.code, CTD_INVALID_ARGUMENT);
  if (strncmp(err.message, expected, strlen(expected)) != 0)
    fail_msg("%s: \"%s\" doesn't begin with \"%s\"", text, err.message, expected);
}

static void values(void **state) {
  (void)state;
  check("", "{}");
  check("a = 1\nb = true\nc = 'x'\nd = 1.5", "{\"a\":1,\"b\":true,\"c\":\"x\",\"d\":1.5}");
  check("a = 9223372036854775807", "{\"a\":9223372036854775807}");
  check("a = [1, [2, 3], {x = 4}]", "{\"a\":[1,[2,3],{\"x\":4}]}");
  check("a = 1979-05-27T07:32:00Z\nb = 1979-05-27\nc = 07:32:00",
        "{\"a\":\"1979-05-27T07:32:00Z\",\"b\":\"1979-05-27\",\"c\":\"07:32:00\"}");
  check("a = \"\\u00e4\"", "{\"a\":\"\xc3\xa4\"}");
}

static void source_order(void **state) {
  (void)state;
  check("z = 1\na = 2\nm = 3", "{\"z\":1,\"a\":2,\"m\":3}");
  check("[host.'b']\nx = 1\n[host.'c']\n[host.'a']\nz = 1\ny = 2",
        "{\"host\":{\"b\":{\"x\":1},\"c\":{},\"a\":{\"z\":1,\"y\":2}}}");
  check("t = {z = 1, a = 2}", "{\"t\":{\"z\":1,\"a\":2}}");
  check("[host.'b'.header]\nh = 'x'\n[host.'a']\n[host.'b'.more]",
        "{\"host\":{\"b\":{\"header\":{\"h\":\"x\"},\"more\":{}},\"a\":{}}}");
  check("[[l]]\nz = 1\na = 2\n[[l]]\nb = 3", "{\"l\":[{\"z\":1,\"a\":2},{\"b\":3}]}");
}

static void faults(void **state) {
  (void)state;
  check_error("a = 1\nb =\n", "f.toml:2: ");
  check_error("a = 1\n\n\na = 2", "f.toml:4: ");
  check_error("[t\nx = 1", "f.toml:1: ");
  check_error("a = \"x", "f.toml:1: ");
  check_error("a = \"\xff\xfe\"", "f.toml:1: ");
  check_error("a = nan", "f.toml: ");
  check_error("a = \"\\u0000\"", "f.toml: ");
}

static void depth(void **state) {
  (void)state;
  enum { SIZE = 20000 };
  char *text = malloc(SIZE + 8);
  assert_non_null(text);
  for (size_t i = 0; i < SIZE; i++)
    text[i] = i % 2 ? '.' : 'a';
  memcpy(text + SIZE, "a = 1", sizeof "a = 1");
  check_error(text, "f.toml");
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values),
      cmocka_unit_test(source_order),
      cmocka_unit_test(faults),
      cmocka_unit_test(depth),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
