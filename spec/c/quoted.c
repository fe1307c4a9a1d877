#include "quoted.h"

#include "cmocka_all.h"
#include <stdlib.h>
#include <string.h>

char *quoted_text(const char *text) {
  char *copy = strdup(text);
  assert_non_null(copy);
  for (char *at = copy; *at; at++)
    if (*at == '\'')
      *at = '"';
  return copy;
}

json_t *quoted(const char *text) {
  json_error_t problem;
  char *copy = quoted_text(text);
  json_t *value = json_loads(copy, JSON_DECODE_ANY, &problem);
  free(copy);
  if (!value)
    fail_msg("%s: %s", text, problem.text);
  return value;
}

void assert_json(const json_t *value, const char *expected) {
  json_t *wanted = quoted(expected);
  char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : strdup("nothing");
  if (!json_equal(value, wanted))
    fail_msg("%s isn't %s", text, expected);
  free(text);
  json_decref(wanted);
}
