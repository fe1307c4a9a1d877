#include "oci/user.h"

#include "cmocka_all.h"
#include "scratch.h"
#include <stdlib.h>
#include <string.h>

static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
                             "\n"
                             "# a comment\n"
                             "broken:x:abc:5::/:/bin/sh\n"
                             "short:x:7\n"
                             "huge:x:4294967296:1::/:/bin/sh\n"
                             "  web:x:33:34:Web:/srv:/bin/sh  \r\n"
                             "web:x:133:134::/:/bin/sh\n"
                             "alias:x:33:35::/:/bin/sh\n"
                             "lonely:x:50:51::/:/bin/sh\n"
                             "+nis::::::\n"
                             "last:x:99:98::/:/bin/sh";
static const char group[] = "root:x:0:root\n"
                            "bin:x:1:root,bin,daemon\n"
                            "web:x:34:web\n"
                            "extra:x:77:alias,web\n"
                            "bad:x:zz:web\n"
                            "webs:x:78:webmaster,myweb\n"
                            "adm:x:4:daemon,root\n"
                            "own:x:98:last\n"
                            "more:x:96:last\n"
                            "empty:x:97:";

static void check(const char *text, const struct ctd_accounts *accounts, uint32_t uid, uint32_t gid,
                  const char *groups) {
  struct ctd_user user = {0};
  struct ctd_error err = {0};
  char list[256] = "";
  if (ctd_user_resolve(&user, text, accounts, &err))
    fail_msg("%s: %s", text, err.message);
  for (size_t i = 0; i < user.group_count; i++)
    snprintf(list + strlen(list), sizeof list - strlen(list), "%s%u", i ? " " : "", user.groups[i]);
  if (user.uid != uid || user.gid != gid || strcmp(list, groups) != 0)
    fail_msg("%s: %u:%u (%s) isn't %u:%u (%s)", text ? text : "NULL", user.uid, user.gid, list, uid, gid, groups);
  ctd_user_free(&user);
}

static void resolved(void **state) {
  static const struct {
    const char *text;
    uint32_t uid, gid;
    const char *groups;
  } cases[] = {
      {NULL, 0, 0, "0 1 4"},
      {"", 0, 0, "0 1 4"},
      {"root", 0, 0, "0 1 4"},
      {"0", 0, 0, "0 1 4"},
      {"web", 33, 34, "34 77"},
      {"33", 33, 34, "34 77"},
      {"133", 133, 134, "134 77"},
      {"alias", 33, 35, "35 77"},
      {"lonely", 50, 51, "51"},
      {"last", 99, 98, "98 96"},
      {"1000", 1000, 0, "0"},
      {"2147483647", 2147483647, 0, "0"},
      {"33:34", 33, 34, "34 77"},
      {"33:12", 33, 12, "12 77"},
      {"1000:1000", 1000, 1000, "1000"},
      {"web:extra", 33, 77, "77"},
      {"web:5", 33, 5, "5 77"},
      {"1000:extra", 1000, 77, "77"},
      {"web:empty", 33, 97, "97 77"},
      {"web:", 33, 0, "0 77"},
      {":extra", 0, 77, "77 1 4"},
      {"007", 7, 0, "0"},
  };
  const struct ctd_accounts accounts = {passwd, group, sizeof passwd - 1, sizeof group - 1};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    check(cases[i].text, &accounts, cases[i].uid, cases[i].gid, cases[i].groups);
}

static void without_files(void **state) {
  const struct ctd_accounts none = {0}, no_group = {.passwd = passwd, .passwd_size = sizeof passwd - 1};
  (void)state;
  check(NULL, &none, 0, 0, "0");
  check("33", &none, 33, 0, "0");
  check("1:2", &none, 1, 2, "2");
  check("web", &no_group, 33, 34, "34");
}

static void check_refused(const char *text, enum ctd_code code, const char *reason) {
  const struct ctd_accounts accounts = {passwd, group, sizeof passwd - 1, sizeof group - 1};
  struct ctd_user user = {0};
  struct ctd_error err = {0};
  if (!ctd_user_resolve(&user, text, &accounts, &err))
    fail_msg("\"%s\" passes as %u:%u", text, user.uid, user.gid);
  assert_int_equal(err.code, code);
  if (!strstr(err.message, reason))
    fail_msg("\"%s\": \"%s\" doesn't say \"%s\"", text, err.message, reason);
}

static void refused(void **state) {
  (void)state;
  check_refused("nobody", CTD_NOT_FOUND, "no user \"nobody\"");
  check_refused("broken", CTD_NOT_FOUND, "no user");
  check_refused("short", CTD_NOT_FOUND, "no user");
  check_refused("huge", CTD_NOT_FOUND, "no user");
  check_refused("2147483648", CTD_NOT_FOUND, "no user");
  check_refused("-1", CTD_NOT_FOUND, "no user");
  check_refused("web:nogroup", CTD_NOT_FOUND, "no group \"nogroup\"");
  check_refused("web:-1", CTD_NOT_FOUND, "no group");
  check_refused("nobody:0", CTD_NOT_FOUND, "no user \"nobody\"");
  check_refused("a:b:c", CTD_INVALID_ARGUMENT, "user[:group]");
  check_refused("0:0:", CTD_INVALID_ARGUMENT, "user[:group]");
}

static void looked_up(void **state) {
  char *directory = scratch_new();
  const char *layers[] = {directory};
  const struct ctd_rootfs root = {layers, 1, false};
  struct ctd_user user = {0};
  struct ctd_error err = {0};
  (void)state;
  assert_int_equal(ctd_user_lookup(&user, "5", &root, &err), 0);
  assert_int_equal(user.gid, 0);
  ctd_user_free(&user);
  free(scratch_write(directory, "etc/passwd", passwd));
  free(scratch_write(directory, "etc/group", group));
  assert_int_equal(ctd_user_lookup(&user, "web", &root, &err), 0);
  assert_int_equal(user.uid, 33);
  assert_int_equal(user.group_count, 2);
  ctd_user_free(&user);
  scratch_remove(directory);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(resolved),
      cmocka_unit_test(without_files),
      cmocka_unit_test(refused),
      cmocka_unit_test(looked_up),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
