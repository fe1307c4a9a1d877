#include "oci/runtime_options.h"
#include "oci/runtime_seccomp.h"
#include "oci/runtime_spec.h"

#include "cmocka_all.h"
#include "quoted.h"
#include <string.h>

static json_t *spec_new(void) {
  return quoted("{'process': {'rlimits': [{'type': 'RLIMIT_NOFILE', 'hard': 1, 'soft': 1}], 'noNewPrivileges': true,"
                " 'capabilities': {'bounding': ['CAP_KILL']}}, 'linux': {'namespaces': [{'type': 'pid'},"
                " {'type': 'network'}], 'maskedPaths': ['/a'], 'resources': {'devices': []}}}");
}

static void check(struct ctd_runtime_options options, const char *path, const char *key, const char *expected) {
  struct ctd_error err = {0};
  json_t *spec = spec_new();
  if (ctd_runtime_options_apply(spec, &options, NULL, &err))
    fail_msg("%s", err.message);
  assert_json(json_object_get(ctd_runtime_spec_at(spec, path, &err), key), expected);
  json_decref(spec);
}

static void check_refused(struct ctd_runtime_options options, const char *message) {
  struct ctd_error err = {0};
  json_t *spec = spec_new();
  if (!ctd_runtime_options_apply(spec, &options, NULL, &err))
    fail_msg("passes, instead of: %s", message);
  assert_int_equal(err.code, CTD_INVALID_ARGUMENT);
  assert_string_equal(err.message, message);
  json_decref(spec);
}

static void rlimits(void **state) {
  json_t *both = quoted("[{'type': 'RLIMIT_NOFILE', 'soft': 2, 'hard': 3}, {'type': 'RLIMIT_CPU', 'soft': 0,"
                        " 'hard': 0}]");
  json_t *open = quoted("[{'type': 'RLIMIT_NOFILE', 'soft': 2}]");
  (void)state;
  check((struct ctd_runtime_options){.rlimits = both}, "process", "rlimits",
        "[{'type': 'RLIMIT_NOFILE', 'soft': 2, 'hard': 3}, {'type': 'RLIMIT_CPU', 'soft': 0, 'hard': 0}]");
  check_refused((struct ctd_runtime_options){.rlimits = open}, "rlimits: want an array of {type, soft, hard}");
  json_decref(both), json_decref(open);
}

static void namespaces(void **state) {
  json_t *given = quoted("{'network': 'host', 'pid': '/proc/1/ns/pid', 'cgroup': true, 'ipc': false}");
  json_t *maps = quoted("['0:1000:10']"), *too_many = quoted("['0:4294967296:1']");
  (void)state;
  check((struct ctd_runtime_options){.namespaces = given}, "linux", "namespaces",
        "[{'type': 'pid', 'path': '/proc/1/ns/pid'}, {'type': 'cgroup'}]");
  check((struct ctd_runtime_options){.uid_maps = maps, .gid_maps = maps}, "linux", "namespaces",
        "[{'type': 'pid'}, {'type': 'network'}, {'type': 'user'}]");
  check((struct ctd_runtime_options){.uid_maps = maps, .gid_maps = maps}, "linux", "uidMappings",
        "[{'containerID': 0, 'hostID': 1000, 'size': 10}]");
  check_refused((struct ctd_runtime_options){.uid_maps = too_many, .gid_maps = maps},
                "uid_maps: map 1: want {containerID, hostID, size} with a size above 0");
  json_decref(given), json_decref(maps), json_decref(too_many);
}

static void privileges(void **state) {
  json_t *names = quoted("['chown']"), *none = quoted("[]"), *paths = quoted("['/b']");
  (void)state;
  check((struct ctd_runtime_options){.capabilities = names}, "process.capabilities", "bounding", "['CAP_CHOWN']");
  check((struct ctd_runtime_options){.capabilities = none}, "process", "capabilities", "{}");
  check((struct ctd_runtime_options){.privileged = true, .masked_paths = paths}, "linux", "maskedPaths", "['/b']");
  check((struct ctd_runtime_options){.privileged = true}, "linux.resources", "devices",
        "[{'allow': true, 'access': 'rwm'}]");
  json_decref(names), json_decref(none), json_decref(paths);
}

static void device_rules(void **state) {
  json_t *rules = quoted("['c 1:3 rw', 'b *:7 m', {'allow': false, 'access': 'w'}]");
  json_t *wrong[] = {quoted("['c 1 rw']"), quoted("['x 1:3 rw']"), quoted("['c 1*:3 r']"), quoted("['c 1:3 rx']"),
                     quoted("[1]")};
  (void)state;
  check((struct ctd_runtime_options){.device_rules = rules}, "linux.resources", "devices",
        "[{'allow': true, 'type': 'c', 'access': 'rw', 'major': 1, 'minor': 3},"
        " {'allow': true, 'type': 'b', 'access': 'm', 'minor': 7}, {'allow': false, 'access': 'w'}]");
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    struct ctd_error err = {0};
    json_t *spec = spec_new();
    const struct ctd_runtime_options options = {.device_rules = wrong[i]};
    assert_int_equal(ctd_runtime_options_apply(spec, &options, NULL, &err), -1);
    assert_memory_equal(err.message, "device_rules: rule 1: ", 22);
    json_decref(spec);
    json_decref(wrong[i]);
  }
  json_decref(rules);
}

/* Whether the profile for these capabilities allows the call whatever its arguments are. */
static bool allows(const char *capabilities, const char *call) {
  struct ctd_error err = {0};
  json_t *bounding = quoted(capabilities), *profile, *rule, *name;
  size_t i, j;
  bool found = false;
  assert_int_equal(ctd_runtime_seccomp_default(&profile, bounding, &err), 0);
  json_array_foreach(json_object_get(profile, "syscalls"), i, rule) {
    json_array_foreach(json_object_get(rule, "names"), j, name) {
      found = found || (!strcmp(json_string_value(name), call) && !json_object_get(rule, "args") &&
                        !strcmp(json_string_value(json_object_get(rule, "action")), "SCMP_ACT_ALLOW"));
    }
  }
  json_decref(profile);
  json_decref(bounding);
  return found;
}

static void seccomp(void **state) {
  (void)state;
  assert_true(allows("[]", "read"));
  assert_true(allows("[]", "writev"));
  assert_false(allows("[]", "mount"));
  assert_false(allows("[]", "clone3"));
  assert_true(allows("['CAP_SYS_ADMIN']", "mount"));
  assert_true(allows("['CAP_SYS_ADMIN']", "clone3"));
  assert_true(allows("['CAP_SYS_CHROOT']", "chroot"));
  assert_false(allows("['CAP_KILL']", "chroot"));
  check_refused((struct ctd_runtime_options){.seccomp = "no"},
                "seccomp: want \"default\", \"unconfined\" or the absolute path of a profile");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rlimits),      cmocka_unit_test(namespaces), cmocka_unit_test(privileges),
      cmocka_unit_test(device_rules), cmocka_unit_test(seccomp),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
