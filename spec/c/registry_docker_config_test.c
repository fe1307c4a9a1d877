#include "registry/docker_config.h"

#include "base/buffer.h"
#include "cmocka_all.h"
#include "scratch.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define HELPER_LOG "helper.log"

struct place {
  char *directory;
  char *old_path;
};

/* $DOCKER_CONFIG, and a $PATH in which the helpers of a test come first. */
static int set_up(void **state) {
  struct place *place = calloc(1, sizeof *place);
  assert_non_null(place);
  char path[1024];
  place->directory = scratch_new();
  const char *old_path = getenv("PATH");
  place->old_path = strdup(old_path ? old_path : "/usr/bin:/bin");
  snprintf(path, sizeof path, "%s:%s", place->directory, place->old_path);
  setenv("PATH", path, 1);
  setenv("DOCKER_CONFIG", place->directory, 1);
  *state = place;
  return 0;
}

static int tear_down(void **state) {
  struct place *place = *state;
  setenv("PATH", place->old_path, 1);
  unsetenv("DOCKER_CONFIG");
  scratch_remove(place->directory);
  free(place->old_path);
  free(place);
  return 0;
}

static void write_config(const struct place *place, const char *text) {
  free(scratch_write(place->directory, "config.json", text));
}

static void write_helper(const struct place *place, const char *name, const char *script) {
  char file[128], text[1024];
  snprintf(file, sizeof file, "docker-credential-%s", name);
  snprintf(text, sizeof text, "#!/bin/sh\nread server\necho \"$1 $server\" >>%s/" HELPER_LOG "\n%s\n", place->directory,
           script);
  char *path = scratch_write(place->directory, file, text);
  assert_int_equal(chmod(path, 0755), 0);
  free(path);
}

static int get(const char *host, struct ctd_credentials *out, double timeout, struct ctd_error *err) {
  struct ctd_scope scope;
  ctd_scope_init(&scope, timeout);
  return ctd_docker_config_get(host, &scope, out, err);
}

/* "user|password|token" of what is found, with "-" for what is absent. */
static void check(const char *host, const char *expected) {
  struct ctd_error err = {0};
  struct ctd_credentials found;
  char text[256];
  if (get(host, &found, 10, &err) < 0)
    fail_msg("%s: %s", host, err.message);
  snprintf(text, sizeof text, "%s|%s|%s", found.username ? found.username : "-", found.password ? found.password : "-",
           found.identity_token ? found.identity_token : "-");
  assert_string_equal(text, expected);
  assert_int_equal(err.code, CTD_OK);
  ctd_credentials_free(&found);
}

static void check_error(const char *host, double timeout, enum ctd_code code, const char *expected) {
  struct ctd_error err = {0};
  struct ctd_credentials found;
  assert_int_equal(get(host, &found, timeout, &err), -1);
  assert_null(found.username);
  assert_int_equal(err.code, code);
  if (!strstr(err.message, expected))
    fail_msg("\"%s\" lacks \"%s\"", err.message, expected);
}

static void no_file(void **state) {
  (void)state;
  check("r.example", "-|-|-");
}

static void inline_auths(void **state) {
  write_config(*state, "{\"auths\": {"
                       "\"https://index.docker.io/v1/\": {\"auth\": \"aHVi OnNlY3JldA==\"},"
                       "\"a.example\": {\"auth\": \"dXNlcjpwYTpzcw==\"},"
                       "\"https://b.example:5000/v2/\": {\"username\": \"u\", \"password\": \"p\"},"
                       "\"c.example\": {\"auth\": \"dTpw\", \"identitytoken\": \"t\"},"
                       "\"d.example/some/repository\": {\"auth\": \"dTpw\"},"
                       "\"e.example\": {},"
                       "\"f.example\": {\"auth\": \"dTo=\"}}}");
  check("a.example", "user|pa:ss|-");
  check("b.example:5000", "u|p|-");
  check("b.example", "-|-|-");
  check("c.example", "-|-|t");
  check("d.example", "-|-|-");
  check("e.example", "-|-|-");
  check("f.example", "u||-");
  check("unknown.example", "-|-|-");
  check_error("docker.io", 10, CTD_INVALID_ARGUMENT, "base64");
}

static void docker_hub_names(void **state) {
  write_config(*state, "{\"auths\": {\"https://index.docker.io/v1/\": {\"auth\": \"aHViOng=\"}}}");
  check("docker.io", "hub|x|-");
  write_config(*state, "{\"auths\": {\"docker.io\": {\"auth\": \"aHViOng=\"}}}");
  check("docker.io", "hub|x|-");
  write_config(*state, "{\"auths\": {\"index.docker.io\": {\"auth\": \"aHViOng=\"}}}");
  check("docker.io", "hub|x|-");
}

static void faulty_files(void **state) {
  write_config(*state, "{\"auths\": ");
  check_error("a.example", 10, CTD_INVALID_ARGUMENT, "config.json");
  write_config(*state, "{\"auths\": []}");
  check_error("a.example", 10, CTD_INVALID_ARGUMENT, "config.json");
  write_config(*state, "{\"auths\": {\"a.example\": {\"auth\": \"bm9jb2xvbg==\"}}}");
  check_error("a.example", 10, CTD_INVALID_ARGUMENT, "config.json");
  write_config(*state, "{\"credsStore\": \"../evil\"}");
  check_error("a.example", 10, CTD_INVALID_ARGUMENT, "no name of a credential helper");
}

static void helpers(void **state) {
  struct place *place = *state;
  write_config(place, "{\"credsStore\": \"all\", \"credHelpers\": {\"a.example\": \"one\"},"
                      "\"auths\": {\"c.example\": {\"auth\": \"dTpw\"}}}");
  write_helper(place, "all",
               "case $server in\n"
               "https://index.docker.io/v1/) echo '{\"Username\": \"hub\", \"Secret\": \"s\"}';;\n"
               "b.example) echo '{\"Username\": \"<token>\", \"Secret\": \"refresh\"}';;\n"
               "*) echo 'credentials not found in native keychain'; exit 1;;\n"
               "esac");
  write_helper(place, "one", "echo '{\"ServerURL\": \"x\", \"Username\": \"one\", \"Secret\": \"s1\"}'");
  check("docker.io", "hub|s|-");
  check("a.example", "one|s1|-");
  check("b.example", "-|-|refresh");
  check("c.example", "u|p|-");
  check("d.example", "-|-|-");
  struct ctd_buffer log = {0};
  struct ctd_error err = {0};
  char path[256];
  snprintf(path, sizeof path, "%s/" HELPER_LOG, place->directory);
  assert_int_equal(ctd_buffer_read_file(&log, path, 4096, &err), 0);
  assert_string_equal(log.data, "get https://index.docker.io/v1/\nget a.example\nget b.example\nget c.example\n"
                                "get d.example\n");
  ctd_buffer_free(&log);
}

static int count_fds(void) {
  int count = 0;
  DIR *fds = opendir("/proc/self/fd");
  while (readdir(fds))
    count++;
  closedir(fds);
  return count;
}

static void faulty_helpers(void **state) {
  struct place *place = *state;
  int fds = count_fds();
  write_config(place, "{\"credsStore\": \"x\"}");
  check_error("a.example", 10, CTD_FAILED_PRECONDITION, "docker-credential-x: No such file");
  write_helper(place, "x", "echo 'keychain is locked'; exit 3");
  check_error("a.example", 10, CTD_FAILED_PRECONDITION, "docker-credential-x failed (3): keychain is locked");
  write_helper(place, "x", "kill -9 $$");
  check_error("a.example", 10, CTD_FAILED_PRECONDITION, "killed by signal 9");
  write_helper(place, "x", "echo '{'");
  check_error("a.example", 10, CTD_INVALID_ARGUMENT, "docker-credential-x");
  write_helper(place, "x", "yes");
  check_error("a.example", 10, CTD_FAILED_PRECONDITION, "says too much");
  assert_int_equal(count_fds(), fds);
  assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void slow_helper(void **state) {
  struct place *place = *state;
  write_config(place, "{\"credsStore\": \"x\"}");
  write_helper(place, "x", "exec sleep 1000");
  check_error("a.example", 0.2, CTD_DEADLINE_EXCEEDED, "timed out");
  write_helper(place, "x", "exec sleep 1000 >&-");
  check_error("a.example", 0.2, CTD_DEADLINE_EXCEEDED, "timed out");
  assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(no_file, set_up, tear_down),
      cmocka_unit_test_setup_teardown(inline_auths, set_up, tear_down),
      cmocka_unit_test_setup_teardown(docker_hub_names, set_up, tear_down),
      cmocka_unit_test_setup_teardown(faulty_files, set_up, tear_down),
      cmocka_unit_test_setup_teardown(helpers, set_up, tear_down),
      cmocka_unit_test_setup_teardown(faulty_helpers, set_up, tear_down),
      cmocka_unit_test_setup_teardown(slow_helper, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
