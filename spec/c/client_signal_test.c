/* Names of signals. */
#include "client/task.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>

static void signals_have_names(void **state) {
  (void)state;
  static const struct {
    const char *name;
    int number;
  } table[] = {
      {"SIGTERM", SIGTERM},
      {"TERM", SIGTERM},
      {"sigkill", SIGKILL},
      {"Usr1", SIGUSR1},
      {"15", 15},
      {"64", 64},
      {"RTMIN", 34},
      {"SIGRTMIN+3", 37},
      {"RTMAX-1", 63},
      {"RTMAX", 64},
      {"", 0},
      {"SIG", 0},
      {"65", 0},
      {"15x", 0},
      {"-1", 0},
      {"RTMIN+31", 0},
      {"RTMIN-1", 0},
      {"RTMIN+", 0},
      {"SIGNOTHING", 0},
      {"SIGSIGTERM", 0},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (ctd_signal_number(table[i].name) != table[i].number)
      fail_msg("%s is %d", table[i].name, ctd_signal_number(table[i].name));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(signals_have_names)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
