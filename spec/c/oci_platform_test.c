#include "oci/platform.h"

#include "cmocka_all.h"
#include "quoted.h"
#include <string.h>

static struct ctd_platform parsed(const char *text) {
  struct ctd_platform platform;
  struct ctd_error err = {0};
  if (ctd_platform_parse(&platform, text, &err))
    fail_msg("%s: %s", text, err.message);
  return platform;
}

static void check_text(const struct ctd_platform *platform, const char *expected) {
  char text[CTD_PLATFORM_TEXT_SIZE];
  ctd_platform_format(platform, text);
  assert_string_equal(text, expected);
}

static void normalised(void **state) {
  static const char *const cases[][2] = {
      {"linux/amd64", "linux/amd64"},
      {"Linux/X86_64", "linux/amd64"},
      {"linux/amd64/v1", "linux/amd64"},
      {"linux/amd64/v3", "linux/amd64/v3"},
      {"linux/x86-64", "linux/amd64"},
      {"linux/i386", "linux/386"},
      {"linux/aarch64", "linux/arm64"},
      {"linux/arm64/v8", "linux/arm64"},
      {"linux/arm64/8", "linux/arm64"},
      {"linux/arm64/v8.2", "linux/arm64/v8.2"},
      {"linux/arm64/9", "linux/arm64/v9"},
      {"linux/arm64/v9.0", "linux/arm64/v9"},
      {"linux/arm", "linux/arm/v7"},
      {"linux/arm/6", "linux/arm/v6"},
      {"linux/armhf", "linux/arm/v7"},
      {"linux/armel", "linux/arm/v6"},
      {"macos/arm64", "darwin/arm64"},
      {"windows/amd64", "windows/amd64"},
      {"arm64", "linux/arm64"},
      {"armhf", "linux/arm/v7"},
      {"s390x", "linux/s390x"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct ctd_platform platform = parsed(cases[i][0]);
    check_text(&platform, cases[i][1]);
  }
}

static void refused(void **state) {
  static const char *const cases[] = {
      "",
      "/",
      "linux/",
      "/amd64",
      "linux//v7",
      "linux/arm/v7/x",
      "linux/am d64",
      "linux/arm\n",
      "nonsense",
      "linux/an-architecture-of-a-name-beyond-measure",
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct ctd_platform platform;
    struct ctd_error err = {0};
    if (!ctd_platform_parse(&platform, cases[i], &err))
      fail_msg("\"%s\" passes", cases[i]);
    assert_int_equal(err.code, CTD_INVALID_ARGUMENT);
  }
}

static void host(void **state) {
  struct ctd_platform here, linux_alone = parsed("linux");
  (void)state;
  ctd_platform_host(&here);
  assert_string_equal(here.os, "linux");
  assert_true(*here.architecture);
  assert_int_equal(ctd_platform_rank(&here, &linux_alone), 0);
#ifdef __x86_64__
  check_text(&here, "linux/amd64");
#endif
}

/* Each list: a host, then what it runs from the best to the worst. */
static void ranks(void **state) {
  static const char *const lists[][18] = {
      {"linux/amd64", "linux/amd64", "linux/386"},
      {"linux/amd64/v3", "linux/amd64/v3", "linux/amd64/v2", "linux/amd64", "linux/386"},
      {"linux/386", "linux/386"},
      {"linux/arm/v5", "linux/arm/v5"},
      {"linux/arm/v7", "linux/arm/v7", "linux/arm/v6", "linux/arm/v5"},
      {"linux/arm/v8", "linux/arm/v8", "linux/arm/v7", "linux/arm/v6", "linux/arm/v5"},
      {"linux/arm64", "linux/arm64", "linux/arm/v8", "linux/arm/v7", "linux/arm/v6", "linux/arm/v5"},
      {"linux/arm64/v8.2", "linux/arm64/v8.2", "linux/arm64/v8.1", "linux/arm64", "linux/arm/v8", "linux/arm/v7"},
      {"linux/arm64/v9", "linux/arm64/v9", "linux/arm64/v8.5", "linux/arm64/v8.4", "linux/arm64/v8.3",
       "linux/arm64/v8.2", "linux/arm64/v8.1", "linux/arm64", "linux/arm/v8"},
      {"linux/arm64/v9.2", "linux/arm64/v9.2", "linux/arm64/v9.1", "linux/arm64/v9", "linux/arm64/v8.7",
       "linux/arm64/v8.6", "linux/arm64/v8.5", "linux/arm64/v8.4", "linux/arm64/v8.3", "linux/arm64/v8.2",
       "linux/arm64/v8.1", "linux/arm64", "linux/arm/v8"},
      {"linux/riscv64", "linux/riscv64"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    struct ctd_platform wanted = parsed(lists[i][0]);
    int before = -1;
    for (size_t j = 1; lists[i][j]; j++) {
      struct ctd_platform image = parsed(lists[i][j]);
      int rank = ctd_platform_rank(&wanted, &image);
      if (rank <= before || (j == 1 && rank))
        fail_msg("%s on %s: rank %d after %d", lists[i][j], lists[i][0], rank, before);
      before = rank;
    }
  }
}

static void unfit(void **state) {
  static const char *const cases[][2] = {
      {"linux/amd64", "linux/arm64"},         {"linux/amd64", "windows/amd64"},
      {"linux/amd64", "linux/amd64/v2"},      {"linux/amd64/v2", "linux/amd64/v3"},
      {"linux/386", "linux/amd64"},           {"linux/arm/v6", "linux/arm/v7"},
      {"linux/arm/v5", "linux/arm/v6"},       {"linux/arm64", "linux/arm64/v8.1"},
      {"linux/arm64/v8.9", "linux/arm64/v9"}, {"linux/amd64", "unknown/unknown"},
      {"linux/arm64/v9", "linux/arm64/v8.6"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct ctd_platform wanted = parsed(cases[i][0]), image = parsed(cases[i][1]);
    if (ctd_platform_rank(&wanted, &image) != -1)
      fail_msg("%s passes for %s", cases[i][1], cases[i][0]);
  }
}

static void from_json(void **state) {
  struct ctd_platform platform, wanted = parsed("linux/amd64");
  struct ctd_error err = {0};
  json_t *object = quoted("{'os': 'linux', 'architecture': 'x86_64', 'os.features': ['other']}");
  (void)state;
  assert_int_equal(ctd_platform_from_json(&platform, object, &err), 0);
  check_text(&platform, "linux/amd64");
  assert_int_equal(ctd_platform_rank(&wanted, &platform), -1); /* it wants a feature */
  json_array_clear(json_object_get(object, "os.features"));
  assert_int_equal(ctd_platform_from_json(&platform, object, &err), 0);
  assert_int_equal(ctd_platform_rank(&wanted, &platform), 0);
  json_object_set_new(object, "architecture", json_integer(64));
  assert_int_equal(ctd_platform_from_json(&platform, object, &err), -1);
  assert_int_equal(err.code, CTD_INVALID_ARGUMENT);
  json_decref(object);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(normalised), cmocka_unit_test(refused), cmocka_unit_test(host),
      cmocka_unit_test(ranks),      cmocka_unit_test(unfit),   cmocka_unit_test(from_json),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
