#include "client/distribution.h"

#include "cmocka_all.h"
#include <stdlib.h>
#include <string.h>

#define KEY "containerd.io/distribution.source.docker.io"

static struct ctd_error err;

static void keys(void **state) {
  static const char *const cases[][2] = {
      {"docker.io", KEY},
      {"localhost:5000", "containerd.io/distribution.source.localhost"},
      {"[::1]:5000", "containerd.io/distribution.source.::1"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct ctd_labels labels = {0};
    assert_int_equal(ctd_distribution_label(&labels, cases[i][0], "library/x", &err), 0);
    assert_string_equal(labels.items[0].key, cases[i][1]);
    assert_string_equal(labels.items[0].value, "library/x");
    assert_true(ctd_distribution_is(labels.items[0].key));
    ctd_labels_free(&labels);
  }
  assert_false(ctd_distribution_is("containerd.io/uncompressed"));
}

static void lists(void **state) {
  static const char *const cases[][3] = {
      {NULL, "b", "b"},        {"", "b", "b"},        {"b", "b", "b"},       {"a", "b", "a,b"},
      {"c", "b", "b,c"},       {"a,c", "b", "a,b,c"}, {"a,b", "c", "a,b,c"}, {"b,c", "a", "a,b,c"},
      {"a,b,c", "b", "a,b,c"}, {"aa", "a", "a,aa"},   {"a", "aa", "a,aa"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char *got;
    assert_int_equal(ctd_distribution_add(KEY, cases[i][0], cases[i][1], &got, &err), 0);
    assert_string_equal(got, cases[i][2]);
    free(got);
  }
}

/* Key and value have 4096 bytes together. */
static void long_lists_stay(void **state) {
  char have[4096 - sizeof KEY + 1 - 2 + 1], *got;
  (void)state;
  memset(have, 'a', sizeof have - 1);
  have[sizeof have - 1] = '\0';
  assert_int_equal(ctd_distribution_add(KEY, have, "b", &got, &err), 0);
  assert_int_equal(strlen(KEY) + strlen(got), 4096);
  free(got);
  assert_int_equal(ctd_distribution_add(KEY, have, "bb", &got, &err), 0);
  assert_string_equal(got, have);
  free(got);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(keys),
      cmocka_unit_test(lists),
      cmocka_unit_test(long_lists_stay),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
