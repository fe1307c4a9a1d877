#include "oci/runtime_capability.h"

#include "cmocka_all.h"
#include "quoted.h"
#include <string.h>
#include <sys/prctl.h>

static json_t *change(json_t *spec, const char *add, const char *drop) {
  struct ctd_error err = {0};
  json_t *added = add ? quoted(add) : NULL, *dropped = drop ? quoted(drop) : NULL;
  if (ctd_runtime_capabilities_change(spec, added, dropped, &err))
    fail_msg("%s", err.message);
  json_decref(added);
  json_decref(dropped);
  return json_object_get(json_object_get(spec, "process"), "capabilities");
}

static void changes(void **state) {
  static const struct {
    const char *add, *drop, *after;
  } cases[] = {
      {NULL, NULL, "['CAP_KILL', 'CAP_CHOWN']"},
      {"[]", "[]", "['CAP_KILL', 'CAP_CHOWN']"},
      {"['NET_ADMIN']", NULL, "['CAP_KILL', 'CAP_CHOWN', 'CAP_NET_ADMIN']"},
      {"['cap_net_admin', 'CAP_SYS_TIME']", NULL, "['CAP_KILL', 'CAP_CHOWN', 'CAP_NET_ADMIN', 'CAP_SYS_TIME']"},
      {"['kill', 'KILL', 'bpf', 'BPF']", NULL, "['CAP_KILL', 'CAP_CHOWN', 'CAP_BPF']"},
      {NULL, "['Kill']", "['CAP_CHOWN']"},
      {NULL, "['SYS_ADMIN']", "['CAP_KILL', 'CAP_CHOWN']"},
      {"['SYS_ADMIN']", "['SYS_ADMIN', 'KILL']", "['CAP_CHOWN']"},
      {"['NET_ADMIN', 'KILL']", "['ALL']", "['CAP_KILL', 'CAP_NET_ADMIN']"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    json_t *spec = quoted("{'process': {'capabilities': {'bounding': ['CAP_KILL', 'CAP_CHOWN'],"
                          " 'effective': ['CAP_KILL', 'CAP_CHOWN'], 'permitted': ['CAP_KILL', 'CAP_CHOWN']}}}");
    json_t *sets = change(spec, cases[i].add, cases[i].drop);
    assert_json(json_object_get(sets, "bounding"), cases[i].after);
    assert_json(json_object_get(sets, "effective"), cases[i].after);
    assert_json(json_object_get(sets, "permitted"), cases[i].after);
    json_decref(spec);
  }
}

static void drop_all(void **state) {
  json_t *spec = quoted("{'process': {'capabilities': {'bounding': ['CAP_KILL'], 'permitted': []}}}");
  (void)state;
  assert_json(change(spec, NULL, "['all']"), "{}");
  json_decref(spec);
}

static void add_all(void **state) {
  json_t *spec = quoted("{'process': {'capabilities': {'bounding': ['CAP_KILL']}}}");
  json_t *sets = change(spec, "['ALL']", "['CHOWN']");
  size_t count = 0;
  (void)state;
  for (int i = 1; i <= 40; i++)
    count += prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1;
  assert_int_equal(json_array_size(json_object_get(sets, "bounding")), count);
  assert_true(json_equal(json_object_get(sets, "bounding"), json_object_get(sets, "effective")));
  json_decref(spec);
}

static void refused(void **state) {
  static const char *const cases[][2] = {
      {"['NET_ADMN']", "cap_add: unknown capability \"NET_ADMN\"; did you mean \"NET_ADMIN\"?"},
      {"['cap_sys_amdin']", "cap_add: unknown capability \"cap_sys_amdin\"; did you mean \"SYS_ADMIN\"?"},
      {"['nonsense']", "cap_add: unknown capability \"nonsense\""},
      {"['']", "cap_add: unknown capability \"\""},
      {"[1]", "cap_add: want an array of names"},
      {"{}", "cap_add: want an array of names"},
      {"'KILL'", "cap_add: want an array of names"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct ctd_error err = {0};
    json_t *spec = json_object(), *add = quoted(cases[i][0]);
    if (!ctd_runtime_capabilities_change(spec, add, NULL, &err))
      fail_msg("%s passes", cases[i][0]);
    assert_int_equal(err.code, CTD_INVALID_ARGUMENT);
    assert_string_equal(err.message, cases[i][1]);
    json_decref(add);
    json_decref(spec);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(changes),
      cmocka_unit_test(drop_all),
      cmocka_unit_test(add_all),
      cmocka_unit_test(refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
