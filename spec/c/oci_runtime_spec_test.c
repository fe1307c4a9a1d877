#include "oci/runtime_spec.h"

#include "cmocka_all.h"
#include "quoted.h"
#include <stdlib.h>
#include <string.h>

static json_t *spec_new(const char *daemon_version) {
  struct ctd_error err = {0};
  json_t *spec = NULL;
  if (ctd_runtime_spec_new(&spec, daemon_version, "testing", "web", &err))
    fail_msg("%s", err.message);
  return spec;
}

static const json_t *at(json_t *spec, const char *path) {
  struct ctd_error err = {0};
  return ctd_runtime_spec_at(spec, path, &err);
}

static bool has_string(const json_t *array, const char *text) {
  size_t i;
  json_t *value;
  json_array_foreach(array, i, value) {
    if (!strcmp(json_string_value(value), text))
      return true;
  }
  return false;
}

static void generations(void **state) {
  static const struct {
    const char *daemon, *oci;
    bool powercap;
  } cases[] = {
      {"1.5.18", "1.0.2-dev", false},
      {"1.6.20~ds1", "1.0.2-dev", false},
      {"v1.6.26", "1.0.2-dev", true},
      {"1.7.10", "1.1.0", false},
      {"1.7.24~ds1", "1.1.0", true},
      {"v2.0.0-rc.1", "1.2.0", true},
      {"2.1.9+unknown", "1.2.1", true},
      {"2.2.0", "1.3.0", true},
      {"3.0.0", "1.3.0", true},
      {"devel", "1.3.0", true},
      {"", "1.3.0", true},
      {NULL, "1.3.0", true},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    json_t *spec = spec_new(cases[i].daemon);
    assert_string_equal(json_string_value(json_object_get(spec, "ociVersion")), cases[i].oci);
    const json_t *masked = json_object_get(at(spec, "linux"), "maskedPaths");
    assert_int_equal(has_string(masked, "/sys/devices/virtual/powercap"), cases[i].powercap);
    assert_int_equal(json_array_size(masked), cases[i].powercap ? 11 : 10);
    json_decref(spec);
  }
}

static void defaults(void **state) {
  static const char capabilities[] =
      "['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FSETID', 'CAP_FOWNER', 'CAP_MKNOD', 'CAP_NET_RAW', 'CAP_SETGID',"
      " 'CAP_SETUID', 'CAP_SETFCAP', 'CAP_SETPCAP', 'CAP_NET_BIND_SERVICE', 'CAP_SYS_CHROOT', 'CAP_KILL',"
      " 'CAP_AUDIT_WRITE']";
  json_t *spec = spec_new("2.1.4");
  (void)state;
  assert_json(json_object_get(spec, "root"), "{'path': 'rootfs'}");
  assert_json(at(spec, "process.user"), "{'uid': 0, 'gid': 0}");
  assert_json(json_object_get(at(spec, "process.capabilities"), "bounding"), capabilities);
  assert_json(json_object_get(at(spec, "process.capabilities"), "effective"), capabilities);
  assert_json(json_object_get(at(spec, "process.capabilities"), "permitted"), capabilities);
  assert_int_equal(json_object_size(at(spec, "process.capabilities")), 3);
  assert_json(json_object_get(at(spec, "process"), "rlimits"),
              "[{'type': 'RLIMIT_NOFILE', 'hard': 1024, 'soft': 1024}]");
  assert_json(json_object_get(at(spec, "process"), "noNewPrivileges"), "true");
  assert_int_equal(json_object_size(at(spec, "process")), 5);
  assert_json(json_object_get(at(spec, "linux"), "cgroupsPath"), "'/testing/web'");
  assert_json(json_object_get(at(spec, "linux"), "namespaces"),
              "[{'type': 'pid'}, {'type': 'ipc'}, {'type': 'uts'}, {'type': 'mount'}, {'type': 'network'}]");
  assert_json(at(spec, "linux.resources"), "{'devices': [{'allow': false, 'access': 'rwm'}]}");
  assert_json(json_array_get(json_object_get(spec, "mounts"), 2),
              "{'destination': '/dev/pts', 'type': 'devpts', 'source': 'devpts', 'options':"
              " ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5']}");
  assert_int_equal(json_array_size(json_object_get(spec, "mounts")), 7);
  json_decref(spec);
}

static void images(void **state) {
  static const struct {
    const char *config, *args, *env, *cwd;
  } cases[] = {
      {"{}", "[]", "['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin']", "'/'"},
      {"{'Cmd': ['a', 'b'], 'Env': ['X=1'], 'WorkingDir': '/w'}", "['a', 'b']", "['X=1']", "'/w'"},
      {"{'Entrypoint': ['e'], 'Cmd': ['a'], 'WorkingDir': ''}", "['e', 'a']", NULL, "'/'"},
      {"{'Entrypoint': ['e'], 'Env': ['A=1=2', 'B', 'C=']}", "['e']", "['A=1=2', 'B', 'C=']", "'/'"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char text[512], *bytes;
    struct ctd_image_config config = {0};
    struct ctd_error err = {0};
    json_t *spec = spec_new(NULL);
    snprintf(text, sizeof text, "{'config': %s, 'rootfs': {'diff_ids': []}}", cases[i].config);
    bytes = quoted_text(text);
    assert_int_equal(ctd_image_config_parse(&config, bytes, strlen(bytes), &err), 0);
    assert_int_equal(ctd_runtime_spec_apply_image(spec, &config, &err), 0);
    assert_json(json_object_get(at(spec, "process"), "args"), cases[i].args);
    assert_json(json_object_get(at(spec, "process"), "cwd"), cases[i].cwd);
    if (cases[i].env)
      assert_json(json_object_get(at(spec, "process"), "env"), cases[i].env);
    free(bytes);
    ctd_image_config_free(&config);
    json_decref(spec);
  }
}

static void env_of_the_spec_stays(void **state) {
  struct ctd_image_config config = {0};
  struct ctd_error err = {0};
  json_t *spec = spec_new(NULL);
  (void)state;
  config.env = quoted("['A=image', 'B=image']");
  json_object_set_new((json_t *)at(spec, "process"), "env", quoted("['C=spec', 'A=spec']"));
  assert_int_equal(ctd_runtime_spec_apply_image(spec, &config, &err), 0);
  assert_json(json_object_get(at(spec, "process"), "env"), "['A=spec', 'B=image', 'C=spec']");
  assert_json(config.env, "['A=image', 'B=image']");
  json_decref(config.env);
  json_decref(spec);
}

static void env(void **state) {
  static const struct {
    const char *before, *entries, *after;
  } cases[] = {
      {"['A=1', 'B=2']", "['A=3']", "['A=3', 'B=2']"},
      {"['A=1', 'B=2']", "['A']", "['B=2']"},
      {"['A=1']", "['B', 'C=1']", "['A=1', 'C=1']"},
      {"['AB=1']", "['A=2', 'ABC=3']", "['AB=1', 'A=2', 'ABC=3']"},
      {"['A=1']", "['A=2', 'A', 'A=3']", "['A=3']"},
      {"['A=1']", "['A=']", "['A=']"},
      {"['A=1']", "[]", "['A=1']"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct ctd_error err = {0};
    json_t *spec = json_object(), *entries = quoted(cases[i].entries);
    json_object_set_new((json_t *)at(spec, "process"), "env", quoted(cases[i].before));
    assert_int_equal(ctd_runtime_spec_put_env(spec, entries, &err), 0);
    assert_json(json_object_get(at(spec, "process"), "env"), cases[i].after);
    json_decref(entries);
    json_decref(spec);
  }
}

static void user(void **state) {
  uint32_t groups[] = {34, 77};
  const struct ctd_user web = {33, 34, groups, 2};
  struct ctd_error err = {0};
  json_t *spec = spec_new(NULL);
  (void)state;
  assert_int_equal(ctd_runtime_spec_put_user(spec, &web, &err), 0);
  assert_json(at(spec, "process.user"), "{'uid': 33, 'gid': 34, 'additionalGids': [34, 77]}");
  json_decref(spec);
}

static void no_object(void **state) {
  struct ctd_error err = {0};
  json_t *spec = quoted("{'linux': [], 'process': null}");
  (void)state;
  assert_null(ctd_runtime_spec_at(spec, "linux.resources", &err));
  assert_int_equal(err.code, CTD_INVALID_ARGUMENT);
  assert_non_null(ctd_runtime_spec_at(spec, "process.user", &err));
  assert_json(spec, "{'linux': [], 'process': {'user': {}}}");
  json_decref(spec);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(generations), cmocka_unit_test(defaults),
      cmocka_unit_test(images),      cmocka_unit_test(env_of_the_spec_stays),
      cmocka_unit_test(env),         cmocka_unit_test(user),
      cmocka_unit_test(no_object),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
