#include "base/nearest.h"

#include "cmocka_all.h"
#include <string.h>

static void words(void **state) {
  static const char *const known[] = {"args", "command", "env", "memory", "memory_swap", "ro"};
  static const char *const cases[][2] = {
      {"args", "args"},      {"arg", "args"},
      {"comand", "command"}, {"Memory", "memory"},
      {"memroy", "memory"},  {"memory_swp", "memory_swap"},
      {"rw", "ro"},          {"", NULL},
      {"network", NULL},     {"x", NULL},
      {"environment", NULL},
  };
  char long_word[100];
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const char *nearest = ctd_nearest(cases[i][0], known, sizeof known / sizeof *known);
    if (strcmp(nearest ? nearest : "", cases[i][1] ? cases[i][1] : "") != 0)
      fail_msg("%s: %s", cases[i][0], nearest ? nearest : "nothing");
  }
  memset(long_word, 'a', sizeof long_word - 1);
  long_word[sizeof long_word - 1] = '\0';
  assert_null(ctd_nearest(long_word, known, 1));
  assert_null(ctd_nearest("a", NULL, 0));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(words)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
