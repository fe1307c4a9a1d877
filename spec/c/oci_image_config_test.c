#include "oci/image_config.h"

#include "cmocka_all.h"
#include "quoted.h"
#include <stdlib.h>
#include <string.h>

#define D1 "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define D2 "sha256:2222222222222222222222222222222222222222222222222222222222222222"
#define D3 "sha256:3333333333333333333333333333333333333333333333333333333333333333"
#define ROOTFS "'rootfs': {'type': 'layers', 'diff_ids': ['" D1 "', '" D2 "', '" D3 "']}"

static int parse(struct ctd_image_config *out, const char *text, struct ctd_error *err) {
  char *bytes = quoted_text(text);
  int result = ctd_image_config_parse(out, bytes, strlen(bytes), err);
  free(bytes);
  return result;
}

static struct ctd_image_config parsed(const char *text) {
  struct ctd_image_config config = {0};
  struct ctd_error err = {0};
  if (parse(&config, text, &err))
    fail_msg("%s: %s", text, err.message);
  return config;
}

static void whole(void **state) {
  struct ctd_image_config config = parsed(
      "{'os': 'linux', 'architecture': 'arm64', 'variant': 'v8', 'history': [{'created_by': 1}],"
      " 'config': {'User': 'redis', 'Env': ['A=1'], 'Entrypoint': ['e'], 'Cmd': ['c', 'd'], 'WorkingDir': '/data',"
      " 'Labels': {'l': 'm'}, 'StopSignal': 'SIGINT', 'Volumes': {'/v': {}}}, " ROOTFS "}");
  (void)state;
  assert_string_equal(config.platform.architecture, "arm64");
  assert_string_equal(config.user, "redis");
  assert_string_equal(config.working_dir, "/data");
  assert_string_equal(config.stop_signal, "SIGINT");
  assert_json(config.env, "['A=1']");
  assert_json(config.entrypoint, "['e']");
  assert_json(config.cmd, "['c', 'd']");
  assert_json(config.labels, "{'l': 'm'}");
  assert_json(config.volumes, "{'/v': {}}");
  assert_int_equal(json_array_size(config.diff_ids), 3);
  ctd_image_config_free(&config);
  ctd_image_config_free(&config);
}

static void least(void **state) {
  struct ctd_image_config config = parsed("{'architecture': 'amd64', 'config': {'Env': null, 'Cmd': null},"
                                          " 'rootfs': {'diff_ids': []}}");
  (void)state;
  assert_string_equal(config.platform.os, "linux");
  assert_null(config.user);
  assert_null(config.env);
  assert_null(config.cmd);
  ctd_image_config_free(&config);
  config = parsed("{" ROOTFS "}");
  assert_null(config.entrypoint);
  ctd_image_config_free(&config);
}

static void refused(void **state) {
  static const char *const cases[] = {
      "",
      "[]",
      "{}",
      "{'rootfs': {}}",
      "{'rootfs': {'type': 'other', 'diff_ids': []}}",
      "{'rootfs': {'diff_ids': ['sha256:1']}}",
      "{'rootfs': {'diff_ids': [1]}}",
      "{'os': 1, " ROOTFS "}",
      "{'config': [], " ROOTFS "}",
      "{'config': {'User': 0}, " ROOTFS "}",
      "{'config': {'Env': {'A': 'b'}}, " ROOTFS "}",
      "{'config': {'Env': [1]}, " ROOTFS "}",
      "{'config': {'Cmd': 'sh'}, " ROOTFS "}",
      "{'config': {'Labels': {'a': 1}}, " ROOTFS "}",
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct ctd_image_config config = {0};
    struct ctd_error err = {0};
    if (!parse(&config, cases[i], &err))
      fail_msg("%s passes", cases[i]);
    assert_int_equal(err.code, CTD_INVALID_ARGUMENT);
    assert_null(config.document);
  }
}

static void platform(void **state) {
  struct ctd_image_config config = parsed("{'os': 'linux', 'architecture': 'arm', 'variant': 'v6', " ROOTFS "}");
  struct ctd_platform arm64, amd64;
  struct ctd_error err = {0};
  (void)state;
  assert_int_equal(ctd_platform_parse(&arm64, "linux/arm64", &err), 0);
  assert_int_equal(ctd_platform_parse(&amd64, "linux/amd64", &err), 0);
  assert_int_equal(ctd_image_config_check_platform(&config, &arm64, &err), 0);
  assert_int_equal(ctd_image_config_check_platform(&config, &amd64, &err), -1);
  assert_int_equal(err.code, CTD_UNSUPPORTED_PLATFORM);
  assert_string_equal(err.message, "the image is for platform linux/arm/v6, not for linux/amd64");
  ctd_image_config_free(&config);
}

/* The expected values were made by sha256sum. */
static void chain_ids(void **state) {
  struct ctd_image_config config = parsed("{" ROOTFS "}");
  struct ctd_error err = {0};
  char **ids = NULL;
  (void)state;
  assert_int_equal(ctd_chain_ids(&ids, config.diff_ids, &err), 0);
  assert_string_equal(ids[0], D1);
  assert_string_equal(ids[1], "sha256:9932074217c35353d2e03a3f5a86549f7c67bfeb0ba53e23d69f4d4c8f7958f5");
  assert_string_equal(ids[2], "sha256:50127c0d6b338be78246434b4bce23ecf75e505158ea0bbd15effeb162fbf3ec");
  ctd_chain_ids_free(ids, 3);
  ctd_image_config_free(&config);
}

static void no_layers(void **state) {
  struct ctd_image_config config = parsed("{'rootfs': {'diff_ids': []}}");
  struct ctd_error err = {0};
  char **ids = NULL;
  (void)state;
  assert_int_equal(ctd_chain_ids(&ids, config.diff_ids, &err), 0);
  assert_null(ids);
  ctd_chain_ids_free(ids, 0);
  ctd_image_config_free(&config);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(whole),    cmocka_unit_test(least),     cmocka_unit_test(refused),
      cmocka_unit_test(platform), cmocka_unit_test(chain_ids), cmocka_unit_test(no_layers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
