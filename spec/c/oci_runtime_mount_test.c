#include "oci/runtime_mount.h"

#include "cmocka_all.h"
#include "quoted.h"
#include <string.h>

static void strings(void **state) {
  static const char *const cases[][2] = {
      {"/a:/b", "{'destination': '/b', 'type': 'bind', 'source': '/a', 'options': ['rbind', 'rw']}"},
      {"/a:/b:", "{'destination': '/b', 'type': 'bind', 'source': '/a', 'options': ['rbind', 'rw']}"},
      {"/a:/b:ro", "{'destination': '/b', 'type': 'bind', 'source': '/a', 'options': ['rbind', 'ro']}"},
      {"/a b:/c:rw,rprivate",
       "{'destination': '/c', 'type': 'bind', 'source': '/a b', 'options': ['rbind', 'rw', 'rprivate']}"},
      {"/a:/b:bind,ro,noexec",
       "{'destination': '/b', 'type': 'bind', 'source': '/a', 'options': ['bind', 'ro', 'noexec']}"},
      {"/a:/b:rslave", "{'destination': '/b', 'type': 'bind', 'source': '/a', 'options': ['rbind', 'rw', 'rslave']}"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct ctd_error err = {0};
    json_t *mount = NULL;
    if (ctd_runtime_mount_parse(&mount, cases[i][0], &err))
      fail_msg("%s: %s", cases[i][0], err.message);
    assert_json(mount, cases[i][1]);
    json_decref(mount);
  }
}

static void strings_refused(void **state) {
  static const char *const cases[][2] = {
      {"", "want"},
      {"/a", "want"},
      {"/a:", "want"},
      {"a:/b", "want"},
      {"./a:/b", "want"},
      {"/a:b", "want"},
      {"/a:/b:readonly", "unknown option \"readonly\""},
      {"/a:/b:r0", "did you mean \"ro\"?"},
      {"/a:/b:rprivat", "did you mean \"rprivate\"?"},
      {"/a:/b:ro,,rprivate", "unknown option \"\""},
      {"/a:/b:ro:rw", "unknown option \"ro:rw\""},
      {"/a\xff:/b", "UTF-8"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct ctd_error err = {0};
    json_t *mount = NULL;
    if (!ctd_runtime_mount_parse(&mount, cases[i][0], &err))
      fail_msg("%s passes", cases[i][0]);
    assert_null(mount);
    assert_int_equal(err.code, CTD_INVALID_ARGUMENT);
    if (!strstr(err.message, cases[i][1]))
      fail_msg("%s: \"%s\" doesn't say \"%s\"", cases[i][0], err.message, cases[i][1]);
  }
}

static void lists(void **state) {
  static const char *const cases[][2] = {
      {"[]", "[1]"},
      {"['/a:/b']", "[1, {'destination': '/b', 'type': 'bind', 'source': '/a', 'options': ['rbind', 'rw']}]"},
      {"[{'destination': '/t', 'type': 'tmpfs', 'source': 'tmpfs', 'options': ['size=1m']}]",
       "[1, {'destination': '/t', 'type': 'tmpfs', 'source': 'tmpfs', 'options': ['size=1m']}]"},
      {"[{'destination': '/t', 'type': 'tmpfs'}]", "[1, {'destination': '/t', 'type': 'tmpfs'}]"},
      {"[{'destination': '/b', 'source': '/a'}]",
       "[1, {'destination': '/b', 'source': '/a', 'type': 'bind', 'options': ['rbind']}]"},
      {"[{'destination': '/b', 'source': '/a', 'options': ['ro']}]",
       "[1, {'destination': '/b', 'source': '/a', 'type': 'bind', 'options': ['rbind', 'ro']}]"},
      {"[{'destination': '/b', 'source': '/a', 'type': 'bind', 'options': ['bind', 'ro']}]",
       "[1, {'destination': '/b', 'source': '/a', 'type': 'bind', 'options': ['bind', 'ro']}]"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct ctd_error err = {0};
    json_t *spec = quoted("{'mounts': [1]}"), *given = quoted(cases[i][0]), *before = json_deep_copy(given);
    if (ctd_runtime_mounts_add(spec, given, &err))
      fail_msg("%s: %s", cases[i][0], err.message);
    assert_json(json_object_get(spec, "mounts"), cases[i][1]);
    assert_true(json_equal(given, before));
    json_decref(before);
    json_decref(given);
    json_decref(spec);
  }
}

static void lists_refused(void **state) {
  static const char *const cases[][2] = {
      {"{}", "mounts: want an array"},
      {"['/a:/b', 1]", "mount 2: neither"},
      {"[{}]", "mount 1: \"destination\""},
      {"[{'destination': 'b', 'source': '/a'}]", "mount 1: \"destination\""},
      {"[{'destination': '/b'}]", "mount 1: a bind mount without"},
      {"[{'destination': '/b', 'source': 1}]", "mount 1: \"source\""},
      {"[{'destination': '/b', 'source': '/a', 'options': 'ro'}]", "mount 1: \"options\""},
      {"[{'destination': '/b', 'source': '/a', 'options': [1]}]", "mount 1: \"options\""},
      {"[{'destination': '/b', 'sorce': '/a'}]", "mount 1: unknown key \"sorce\"; did you mean \"source\"?"},
      {"[{'target': '/b'}]", "mount 1: unknown key \"target\""},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct ctd_error err = {0};
    json_t *spec = json_object(), *given = quoted(cases[i][0]);
    if (!ctd_runtime_mounts_add(spec, given, &err))
      fail_msg("%s passes", cases[i][0]);
    assert_int_equal(err.code, CTD_INVALID_ARGUMENT);
    if (!strstr(err.message, cases[i][1]))
      fail_msg("%s: \"%s\" doesn't say \"%s\"", cases[i][0], err.message, cases[i][1]);
    json_decref(given);
    json_decref(spec);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(strings),
      cmocka_unit_test(strings_refused),
      cmocka_unit_test(lists),
      cmocka_unit_test(lists_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
