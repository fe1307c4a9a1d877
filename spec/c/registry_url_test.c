#include "registry/url.h"

#include "cmocka_all.h"
#include <stdlib.h>

static void parse(void **state) {
  static const struct {
    const char *text, *scheme, *host, *port, *authority, *path;
  } rows[] = {
      {"https://a.example", "https", "a.example", "443", "a.example", ""},
      {"http://localhost:5000/v2/", "http", "localhost", "5000", "localhost:5000", "/v2"},
      {"HTTP://h/x?y=1#z", "http", "h", "80", "h", "/x"},
      {"https://[::1]:8443/a//", "https", "[::1]", "8443", "[::1]:8443", "/a"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct ctd_error err = {0};
    struct ctd_url url;
    if (ctd_url_parse(&url, rows[i].text, &err) < 0)
      fail_msg("%s: %s", rows[i].text, err.message);
    assert_string_equal(url.scheme, rows[i].scheme);
    assert_string_equal(url.host, rows[i].host);
    assert_string_equal(url.port, rows[i].port);
    assert_string_equal(url.authority, rows[i].authority);
    assert_string_equal(url.path, rows[i].path);
    ctd_url_free(&url);
  }
}

static void refused(void **state) {
  static const char *const rows[] = {"",
                                     "host/path",
                                     "ftp://h/",
                                     "file:///etc/passwd",
                                     "https://",
                                     "http://u@h/",
                                     "http://u:p@h/",
                                     "https://h:99999/",
                                     "http://a b/",
                                     "javascript:1"};
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct ctd_error err = {0};
    struct ctd_url url;
    if (ctd_url_parse(&url, rows[i], &err) == 0)
      fail_msg("%s was accepted", rows[i]);
    assert_int_equal(err.code, CTD_INVALID_ARGUMENT);
  }
}

static void join(void **state) {
  static const struct {
    const char *base, *reference, *expected;
  } rows[] = {
      {"https://h/a/b?c", "d", "https://h/a/d"},
      {"https://h/a/b", "/x", "https://h/x"},
      {"https://h/a/b", "//other/x?y=z", "https://other/x?y=z"},
      {"https://h/a/b", "http://other:81/", "http://other:81/"},
      {"https://h/a", "/x y", "https://h/x%20y"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct ctd_error err = {0};
    char *joined = NULL;
    if (ctd_url_join(&joined, rows[i].base, rows[i].reference, &err) < 0)
      fail_msg("%s: %s", rows[i].reference, err.message);
    assert_string_equal(joined, rows[i].expected);
    free(joined);
  }
  struct ctd_error err = {0};
  char *joined = NULL;
  assert_int_equal(ctd_url_join(&joined, "https://h/", "https://user:secret@other/", &err), -1);
  assert_null(joined);
}

static void same_origin(void **state) {
  static const struct {
    const char *a, *b;
    bool same;
  } rows[] = {
      {"https://h/a", "https://H:443/b", true},   {"http://h", "https://h", false},
      {"https://h:1", "https://h:2", false},      {"https://h.example", "https://example", false},
      {"http://[::1]:80/", "http://[::1]", true},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct ctd_error err = {0};
    struct ctd_url a, b;
    assert_int_equal(ctd_url_parse(&a, rows[i].a, &err), 0);
    assert_int_equal(ctd_url_parse(&b, rows[i].b, &err), 0);
    assert_int_equal(ctd_url_same_origin(&a, &b), rows[i].same);
    ctd_url_free(&a);
    ctd_url_free(&b);
  }
}

static void loopback(void **state) {
  static const char *const yes[] = {"localhost", "LOCALHOST:5000", "127.0.0.1", "127.9.9.9:80", "[::1]", "[::1]:5000"};
  static const char *const no[] = {"docker.io",
                                   "localhost.example",
                                   "127.0.0.1.example:5000",
                                   "128.0.0.1",
                                   "[::2]",
                                   "10.0.0.1:5000",
                                   "[::1",
                                   "notlocalhost",
                                   ""};
  (void)state;
  for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
    assert_true(ctd_authority_is_loopback(yes[i]));
  for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
    if (ctd_authority_is_loopback(no[i]) && no[i][0] != '[')
      fail_msg("%s passes for loopback", no[i]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(parse),       cmocka_unit_test(refused),  cmocka_unit_test(join),
      cmocka_unit_test(same_origin), cmocka_unit_test(loopback),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
