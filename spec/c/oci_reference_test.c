#include "oci/reference.h"

#include "cmocka_all.h"
#include <stdio.h>
#include <string.h>

#define HEX32 "0123456789abcdef0123456789abcdef"
#define DIGEST "sha256:" HEX32 HEX32

static void accepted(void **state) {
  static const struct {
    const char *text, *domain, *path, *tag, *digest, *name;
  } cases[] = {
      {"redis", "docker.io", "library/redis", "latest", NULL, "docker.io/library/redis:latest"},
      {"redis:7.2-alpine", "docker.io", "library/redis", "7.2-alpine", NULL, "docker.io/library/redis:7.2-alpine"},
      {"docker.io/redis", "docker.io", "library/redis", "latest", NULL, "docker.io/library/redis:latest"},
      {"index.docker.io/a/b", "docker.io", "a/b", "latest", NULL, "docker.io/a/b:latest"},
      {"docker.io/library/redis:alpine", "docker.io", "library/redis", "alpine", NULL,
       "docker.io/library/redis:alpine"},
      {"user/app", "docker.io", "user/app", "latest", NULL, "docker.io/user/app:latest"},
      {"localhost/x", "localhost", "x", "latest", NULL, "localhost/x:latest"},
      {"localhost:5000/x:1", "localhost:5000", "x", "1", NULL, "localhost:5000/x:1"},
      {"ghcr.io/a/b/c:v1", "ghcr.io", "a/b/c", "v1", NULL, "ghcr.io/a/b/c:v1"},
      {"Host/app", "Host", "app", "latest", NULL, "Host/app:latest"},
      {"127.0.0.1:5000/a", "127.0.0.1:5000", "a", "latest", NULL, "127.0.0.1:5000/a:latest"},
      {"[::1]/a", "[::1]", "a", "latest", NULL, "[::1]/a:latest"},
      {"[2001:db8::1]:5000/a:t", "[2001:db8::1]:5000", "a", "t", NULL, "[2001:db8::1]:5000/a:t"},
      {"redis@" DIGEST, "docker.io", "library/redis", NULL, DIGEST, "docker.io/library/redis@" DIGEST},
      {"redis:7@" DIGEST, "docker.io", "library/redis", "7", DIGEST, "docker.io/library/redis:7@" DIGEST},
      {"a.b/c__d/e.f-g--h_i:_T.a-g", "a.b", "c__d/e.f-g--h_i", "_T.a-g", NULL, "a.b/c__d/e.f-g--h_i:_T.a-g"},
      {"a@sha512:" HEX32 HEX32 HEX32 HEX32, "docker.io", "library/a", NULL, "sha512:" HEX32 HEX32 HEX32 HEX32,
       "docker.io/library/a@sha512:" HEX32 HEX32 HEX32 HEX32},
      {"xn--n3h.com/app", "xn--n3h.com", "app", "latest", NULL, "xn--n3h.com/app:latest"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct ctd_reference got = {0};
    struct ctd_error err = {0};
    if (ctd_reference_parse(&got, cases[i].text, &err))
      fail_msg("%s: %s", cases[i].text, err.message);
    assert_string_equal(got.name, cases[i].name);
    assert_string_equal(got.domain, cases[i].domain);
    assert_string_equal(got.path, cases[i].path);
    assert_string_equal(got.tag ? got.tag : "", cases[i].tag ? cases[i].tag : "");
    assert_string_equal(got.digest ? got.digest : "", cases[i].digest ? cases[i].digest : "");
    ctd_reference_free(&got);
  }
}

static void check_refused(const char *text, const char *reason) {
  struct ctd_reference got = {0};
  struct ctd_error err = {0};
  if (!ctd_reference_parse(&got, text, &err))
    fail_msg("\"%s\" passes as %s", text, got.name);
  assert_int_equal(err.code, CTD_INVALID_ARGUMENT);
  if (!strstr(err.message, reason))
    fail_msg("\"%s\": \"%s\" doesn't say \"%s\"", text, err.message, reason);
  assert_null(got.name);
}

static void refused(void **state) {
  static const struct {
    const char *text, *reason;
  } cases[] = {
      {"", "empty"},
      {"https://docker.io/redis", "scheme"},
      {HEX32 HEX32, "64 hexadecimal"},
      {"Redis", "lower-case"},
      {"docker.io/library/Redis", "lower-case"},
      {"redis:", "tag"},
      {"redis:-a", "tag"},
      {"redis:.a", "tag"},
      {"redis:a:b", "tag"},
      {"redis:a b", "tag"},
      {"redis@", "digest"},
      {"redis@sha256:abc", "digest"},
      {"redis@sha256:" HEX32 "0123456789ABCDEF0123456789abcdef", "digest"},
      {"redis@md5:" HEX32, "digest"},
      {"redis@" DIGEST "@" DIGEST, "digest"},
      {":tag", "repository"},
      {"@" DIGEST, "repository"},
      {"/redis", "repository"},
      {"a//b", "repository"},
      {"a/", "repository"},
      {"-a", "repository"},
      {"a-", "repository"},
      {"a..b", "repository"},
      {"a___b", "repository"},
      {"a b", "repository"},
      {"a/../b", "repository"},
      {"re\xc3\xa4", "repository"},
      {"ghcr.io/", "repository"},
      {"host:port/a", "host"},
      {"host:/a", "host"},
      {"-host.io/a", "host"},
      {"host-.io/a", "host"},
      {"ho_st.io/a", "host"},
      {".io/a", "host"},
      {"host.io./a", "host"},
      {"[::1/a", "host"},
      {"[]/a:b", "repository"},
      {"[::g]/a", "host"},
      {"[::1]5000/a", "host"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    check_refused(cases[i].text, cases[i].reason);
}

static void lengths(void **state) {
  char text[600];
  struct ctd_reference got = {0};
  struct ctd_error err = {0};
  (void)state;
  snprintf(text, sizeof text, "a.b/%0255d:%0128d", 0, 0);
  assert_int_equal(ctd_reference_parse(&got, text, &err), 0);
  ctd_reference_free(&got);
  snprintf(text, sizeof text, "a.b/%0256d", 0);
  check_refused(text, "255");
  snprintf(text, sizeof text, "a:%0129d", 0);
  check_refused(text, "tag");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(accepted),
      cmocka_unit_test(refused),
      cmocka_unit_test(lengths),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
