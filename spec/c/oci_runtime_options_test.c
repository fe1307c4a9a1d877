#include "oci/runtime_options.h"
#include "oci/runtime_spec.h"

#include "cmocka_all.h"
#include "quoted.h"
#include <math.h>
#include <string.h>

/* A small spec with an image's process in it. */
static json_t *spec_new(void) {
  return quoted("{'process': {'args': ['entry', 'cmd'], 'env': ['PATH=/bin', 'A=1'], 'cwd': '/'},"
                " 'root': {'path': 'rootfs'}, 'mounts': [], 'linux': {'resources': {'devices': []}}}");
}

static const json_t *at(json_t *spec, const char *path) {
  struct ctd_error err = {0};
  return ctd_runtime_spec_at(spec, path, &err);
}

static json_t *applied(const struct ctd_runtime_options *options, const struct ctd_image_config *config) {
  struct ctd_error err = {0};
  json_t *spec = spec_new();
  if (ctd_runtime_options_apply(spec, options, config, &err))
    fail_msg("%s", err.message);
  return spec;
}

static void nothing(void **state) {
  const struct ctd_runtime_options options = {0};
  json_t *spec = applied(&options, NULL), *before = spec_new();
  (void)state;
  assert_true(json_equal(spec, before));
  json_decref(before);
  json_decref(spec);
}

static void check_process(struct ctd_runtime_options options, const char *key, const char *expected) {
  json_t *entrypoint = quoted("['entry', '-x']");
  const struct ctd_image_config config = {.entrypoint = entrypoint};
  json_t *spec = applied(&options, &config);
  assert_json(json_object_get(at(spec, "process"), key), expected);
  assert_json(entrypoint, "['entry', '-x']");
  json_decref(spec);
  json_decref(entrypoint);
}

static void args(void **state) {
  json_t *list = quoted("['sh', '-c']");
  (void)state;
  check_process((struct ctd_runtime_options){.args = list}, "args", "['sh', '-c']");
  check_process((struct ctd_runtime_options){.command = list}, "args", "['entry', '-x', 'sh', '-c']");
  const struct ctd_runtime_options without_image = {.command = list};
  json_t *spec = applied(&without_image, NULL);
  assert_json(json_object_get(at(spec, "process"), "args"), "['sh', '-c']");
  json_decref(spec);
  json_decref(list);
}

static void env(void **state) {
  static const char *const cases[][2] = {
      {"['A=2', 'B=3']", "['PATH=/bin', 'A=2', 'B=3']"},
      {"['A']", "['PATH=/bin']"},
      {"{'A': '2', 'B': 3, 'PATH': false, 'C': ''}", "['A=2', 'B=3', 'C=']"},
      {"{}", "['PATH=/bin', 'A=1']"},
      {"[]", "['PATH=/bin', 'A=1']"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    json_t *given = quoted(cases[i][0]);
    check_process((struct ctd_runtime_options){.env = given}, "env", cases[i][1]);
    json_decref(given);
  }
}

static void tty(void **state) {
  json_t *given = quoted("['TERM=dumb']");
  (void)state;
  check_process((struct ctd_runtime_options){.tty = true}, "terminal", "true");
  check_process((struct ctd_runtime_options){.tty = true}, "env", "['PATH=/bin', 'A=1', 'TERM=xterm']");
  check_process((struct ctd_runtime_options){.tty = true, .env = given}, "env", "['PATH=/bin', 'A=1', 'TERM=dumb']");
  json_decref(given);
}

static void places(void **state) {
  json_t *mounts = quoted("['/a:/b:ro']"), *add = quoted("['NET_ADMIN']");
  const struct ctd_runtime_options options = {
      .cwd = "/srv",
      .hostname = "web-1",
      .mounts = mounts,
      .cap_add = add,
      .memory = INT64_C(8) << 30,
      .cpus = 1.5,
      .pids_limit = 100,
      .readonly = true,
  };
  json_t *spec = applied(&options, NULL);
  (void)state;
  assert_json(json_object_get(at(spec, "process"), "cwd"), "'/srv'");
  assert_json(json_object_get(spec, "hostname"), "'web-1'");
  assert_json(json_object_get(spec, "mounts"),
              "[{'destination': '/b', 'type': 'bind', 'source': '/a', 'options': ['rbind', 'ro']}]");
  assert_json(json_object_get(at(spec, "process.capabilities"), "bounding"), "['CAP_NET_ADMIN']");
  assert_json(at(spec, "linux.resources"), "{'devices': [], 'memory': {'limit': 8589934592},"
                                           " 'cpu': {'quota': 150000, 'period': 100000}, 'pids': {'limit': 100}}");
  assert_json(json_object_get(spec, "root"), "{'path': 'rootfs', 'readonly': true}");
  json_decref(spec);
  json_decref(mounts);
  json_decref(add);
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

static void refused(void **state) {
  json_t *strings = quoted("['a']"), *number = quoted("1"), *numbers = quoted("[1]"), *object = quoted("{'a': [1]}"),
         *nameless = quoted("['=a']"), *key = quoted("{'a=b': 'c'}");
  char long_name[66];
  (void)state;
  memset(long_name, 'a', sizeof long_name - 1);
  long_name[sizeof long_name - 1] = '\0';
  check_refused((struct ctd_runtime_options){.args = strings, .command = strings},
                "args and command: give one of them");
  check_refused((struct ctd_runtime_options){.args = number}, "args: want an array of strings");
  check_refused((struct ctd_runtime_options){.command = numbers}, "command: want an array of strings");
  check_refused((struct ctd_runtime_options){.env = numbers},
                "env: want \"KEY=value\" strings, or values by their keys");
  check_refused((struct ctd_runtime_options){.env = object}, "env: \"a\" is neither a string nor false");
  check_refused((struct ctd_runtime_options){.env = nameless}, "env: \"=a\" names no variable");
  check_refused((struct ctd_runtime_options){.env = key}, "env: \"a=b\" is not a variable's name");
  check_refused((struct ctd_runtime_options){.cwd = "srv"}, "cwd: want an absolute path");
  check_refused((struct ctd_runtime_options){.cwd = "/\xff"}, "cwd: want UTF-8");
  check_refused((struct ctd_runtime_options){.hostname = ""}, "hostname: want a name of 1 to 64 bytes");
  check_refused((struct ctd_runtime_options){.hostname = long_name}, "hostname: want a name of 1 to 64 bytes");
  check_refused((struct ctd_runtime_options){.mounts = strings},
                "mount 1: \"a\": want \"/source:/destination[:options]\"");
  check_refused((struct ctd_runtime_options){.cap_drop = strings}, "cap_drop: unknown capability \"a\"");
  check_refused((struct ctd_runtime_options){.memory = -1}, "memory: want a number of bytes");
  check_refused((struct ctd_runtime_options){.cpus = -1}, "cpus: want a number of CPUs from 0.01 on");
  check_refused((struct ctd_runtime_options){.cpus = 0.001}, "cpus: want a number of CPUs from 0.01 on");
  check_refused((struct ctd_runtime_options){.cpus = (double)NAN}, "cpus: want a number of CPUs from 0.01 on");
  check_refused((struct ctd_runtime_options){.cpus = INFINITY}, "cpus: want a number of CPUs from 0.01 on");
  check_refused((struct ctd_runtime_options){.pids_limit = -2},
                "pids_limit: want a number of processes, or -1 for no limit");
  json_decref(strings), json_decref(number), json_decref(numbers), json_decref(object), json_decref(nameless),
      json_decref(key);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing), cmocka_unit_test(args),   cmocka_unit_test(env),
      cmocka_unit_test(tty),     cmocka_unit_test(places), cmocka_unit_test(refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
