/* Looking into snapshots: which directories their mounts mean. */
#include "client/mount.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <unistd.h>

/* The layers of one mount; `options` are ended by NULL. */
static struct ctd_mount_view open_mount(const char *type, const char *source, char **options) {
  struct ctd_mount mount = {(char *)type, (char *)source, "", options};
  struct ctd_mounts mounts = {&mount, 1};
  struct ctd_mount_view view;
  struct ctd_error err = {0};
  if (ctd_mount_view_open(&view, &mounts, &err))
    fail_msg("%s", err.message);
  return view;
}

static void a_bind_mount_is_its_source(void **state) {
  (void)state;
  char *options[] = {"rw", "rbind", NULL};
  struct ctd_mount_view view = open_mount("bind", "/some/where", options);
  assert_int_equal(view.root.count, 1);
  assert_string_equal(view.root.layers[0], "/some/where");
  ctd_mount_view_close(&view);
}

static void an_overlay_is_its_directories_from_the_top(void **state) {
  (void)state;
  char *options[] = {"index=off", "workdir=/w", "upperdir=/u", "lowerdir=/l2:/with\\:colon:/l0", NULL};
  struct ctd_mount_view view = open_mount("overlay", "overlay", options);
  assert_int_equal(view.root.count, 4);
  assert_string_equal(view.root.layers[0], "/u");
  assert_string_equal(view.root.layers[1], "/l2");
  assert_string_equal(view.root.layers[2], "/with:colon");
  assert_string_equal(view.root.layers[3], "/l0");
  ctd_mount_view_close(&view);
}

static void others_are_mounted_without_a_path(void **state) {
  (void)state;
  char *options[] = {"rw", "size=1m", NULL};
  struct ctd_mount_view view = open_mount("tmpfs", "none", options);
  assert_int_equal(view.root.count, 1);
  assert_int_equal(access(view.root.layers[0], R_OK), 0);
  assert_int_equal(access(view.root.layers[0], W_OK), -1);
  ctd_mount_view_close(&view);
}

static void what_cannot_be_mounted_is_an_error(void **state) {
  (void)state;
  char *options[] = {NULL};
  struct ctd_mount both[] = {{"nothing-of-this-name", "none", "", options}, {"bind", "/", "", options}};
  struct ctd_mount_view view;
  struct ctd_error err = {0};
  assert_int_equal(ctd_mount_view_open(&view, &(struct ctd_mounts){both, 1}, &err), -1);
  assert_int_equal(ctd_mount_view_open(&view, &(struct ctd_mounts){both, 2}, &err), -1);
  assert_int_equal(err.code, CTD_UNIMPLEMENTED);
  ctd_error_clear(&err);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_bind_mount_is_its_source),
      cmocka_unit_test(an_overlay_is_its_directories_from_the_top),
      cmocka_unit_test(others_are_mounted_without_a_path),
      cmocka_unit_test(what_cannot_be_mounted_is_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
