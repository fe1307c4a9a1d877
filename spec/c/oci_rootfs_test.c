#include "oci/rootfs.h"

#include "cmocka_all.h"
#include "scratch.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

/* A directory with the layers "top", "middle" and "bottom", and "outside" beside them. */
struct stack {
  char *directory, *paths[3];
  struct ctd_rootfs root;
};

static const char *const names[] = {"top", "middle", "bottom"};

static int setup(void **state) {
  struct stack *stack = calloc(1, sizeof *stack);
  assert_non_null(stack);
  stack->directory = scratch_new();
  free(scratch_write(stack->directory, "outside/secret", "secret"));
  for (int i = 0; i < 3; i++) {
    assert_true(asprintf(&stack->paths[i], "%s/%s", stack->directory, names[i]) > 0);
    assert_int_equal(mkdir(stack->paths[i], 0755), 0);
  }
  stack->root = (struct ctd_rootfs){(const char *const *)stack->paths, 3, false};
  *state = stack;
  return 0;
}

static int teardown(void **state) {
  struct stack *stack = *state;
  scratch_remove(stack->directory);
  for (int i = 0; i < 3; i++)
    free(stack->paths[i]);
  free(stack);
  return 0;
}

static void put(const struct stack *stack, const char *name, const char *text) {
  free(scratch_write(stack->directory, name, text));
}

/* The path of an entry whose directory exists. */
static const char *path_of(const struct stack *stack, const char *name) {
  static char path[256];
  snprintf(path, sizeof path, "%s/%s", stack->directory, name);
  return path;
}

static void put_link(const struct stack *stack, const char *name, const char *target) {
  put(stack, name, "");
  assert_int_equal(unlink(path_of(stack, name)), 0);
  assert_int_equal(symlink(target, path_of(stack, name)), 0);
}

static void put_node(const struct stack *stack, const char *name, mode_t mode, dev_t device) {
  put(stack, name, "");
  assert_int_equal(unlink(path_of(stack, name)), 0);
  assert_int_equal(mknod(path_of(stack, name), mode, device), 0);
}

static void put_mark(const struct stack *stack, const char *name, const char *mark, const char *value) {
  assert_int_equal(setxattr(path_of(stack, name), mark, value, strlen(value), 0), 0);
}

static void check(const struct stack *stack, const char *path, const char *expected) {
  struct ctd_buffer text = {0};
  struct ctd_error err = {0};
  if (ctd_rootfs_read(&stack->root, path, 100, &text, &err))
    fail_msg("%s", err.message);
  assert_string_equal(text.data ? text.data : "", expected);
  ctd_buffer_free(&text);
}

static void check_error(const struct stack *stack, const char *path, enum ctd_code code) {
  struct ctd_buffer text = {0};
  struct ctd_error err = {0};
  if (!ctd_rootfs_read(&stack->root, path, 100, &text, &err))
    fail_msg("%s gives \"%s\"", path, text.data);
  if (err.code != code)
    fail_msg("%s", err.message);
  assert_null(text.data);
}

static void layers(void **state) {
  const struct stack *stack = *state;
  put(stack, "bottom/etc/passwd", "bottom");
  put(stack, "bottom/etc/group", "bottom");
  put(stack, "middle/etc/passwd", "middle");
  put(stack, "top/var/x", "top");
  check(stack, "/etc/passwd", "middle");
  check(stack, "/etc/group", "bottom");
  check(stack, "var//./x", "top");
  check(stack, "/var/../etc/passwd", "middle");
  check(stack, "/../../etc/passwd", "middle");
  check_error(stack, "/etc/shadow", CTD_NOT_FOUND);
  check_error(stack, "/none/passwd", CTD_NOT_FOUND);
  check_error(stack, "/etc/passwd/x", CTD_NOT_FOUND);
  check_error(stack, "/etc", CTD_NOT_FOUND);
  check_error(stack, "/", CTD_NOT_FOUND);
}

static void links_stay_inside(void **state) {
  const struct stack *stack = *state;
  char target[300];
  put(stack, "bottom/real/passwd", "inside");
  put_link(stack, "middle/etc/absolute", "/real/passwd");
  put_link(stack, "middle/etc/relative", "../real/passwd");
  put_link(stack, "middle/etc/high", "../../../../real/passwd");
  put_link(stack, "top/etc/across", "absolute");
  put_link(stack, "top/etc/directory", "/real");
  put_link(stack, "top/etc/loop", "loop");
  put_link(stack, "top/etc/dangling", "/real/none");
  put_link(stack, "top/etc/up", "../../outside/secret");
  snprintf(target, sizeof target, "%s/outside/secret", stack->directory);
  put_link(stack, "top/etc/out", target);
  put_link(stack, "top/etc/magic", "/proc/self/root/etc/passwd");
  check(stack, "/etc/absolute", "inside");
  check(stack, "/etc/relative", "inside");
  check(stack, "/etc/high", "inside");
  check(stack, "/etc/across", "inside");
  check(stack, "/etc/directory/passwd", "inside");
  check(stack, "/etc/directory/../etc/across", "inside");
  check_error(stack, "/etc/dangling", CTD_NOT_FOUND);
  check_error(stack, "/etc/up", CTD_NOT_FOUND);
  check_error(stack, "/etc/out", CTD_NOT_FOUND);
  check_error(stack, "/etc/magic", CTD_NOT_FOUND);
  check_error(stack, "/etc/loop", CTD_INVALID_ARGUMENT);
}

static void regular_files_only(void **state) {
  const struct stack *stack = *state;
  put_node(stack, "top/fifo", S_IFIFO | 0644, 0);
  check_error(stack, "/fifo", CTD_INVALID_ARGUMENT);
  put_node(stack, "top/device", S_IFCHR | 0644, makedev(1, 5));
  check_error(stack, "/device", CTD_INVALID_ARGUMENT);
}

static void limit(void **state) {
  const struct stack *stack = *state;
  char text[102];
  snprintf(text, sizeof text, "%0100d", 0);
  put(stack, "top/fits", text);
  check(stack, "/fits", text);
  snprintf(text, sizeof text, "%0101d", 0);
  put(stack, "top/large", text);
  check_error(stack, "/large", CTD_OUT_OF_RANGE);
}

static void files_hide_directories(void **state) {
  const struct stack *stack = *state;
  put(stack, "bottom/a/b", "hidden");
  put(stack, "middle/a", "a file");
  check(stack, "/a", "a file");
  check_error(stack, "/a/b", CTD_NOT_FOUND);
  put(stack, "top/a/c", "a directory again");
  check(stack, "/a/c", "a directory again");
  check_error(stack, "/a/b", CTD_NOT_FOUND);
}

static void links_are_not_merged(void **state) {
  const struct stack *stack = *state;
  put(stack, "bottom/other/b", "not in a");
  put_link(stack, "middle/a", "other");
  put(stack, "top/a/c", "c");
  check(stack, "/a/c", "c");
  check_error(stack, "/a/b", CTD_NOT_FOUND);
}

static void whiteouts(void **state) {
  const struct stack *stack = *state;
  put(stack, "bottom/etc/passwd", "hidden");
  put(stack, "bottom/dir/file", "hidden");
  put_node(stack, "middle/etc/passwd", S_IFCHR, makedev(0, 0));
  put_node(stack, "middle/dir", S_IFCHR, makedev(0, 0));
  check_error(stack, "/etc/passwd", CTD_NOT_FOUND);
  check_error(stack, "/dir/file", CTD_NOT_FOUND);
  put(stack, "top/etc/passwd", "made again");
  check(stack, "/etc/passwd", "made again");
}

static void opaque_directories(void **state) {
  const struct stack *stack = *state;
  put(stack, "bottom/etc/passwd", "hidden");
  put(stack, "bottom/etc/sub/file", "hidden");
  put(stack, "middle/etc/group", "shown");
  put(stack, "top/etc/sub/other", "top");
  put_mark(stack, "middle/etc", "trusted.overlay.opaque", "y");
  check(stack, "/etc/group", "shown");
  check(stack, "/etc/sub/other", "top");
  check_error(stack, "/etc/passwd", CTD_NOT_FOUND);
  check_error(stack, "/etc/sub/file", CTD_NOT_FOUND);
}

static void opaque_root_is_not(void **state) {
  const struct stack *stack = *state;
  put(stack, "bottom/etc/passwd", "shown");
  put_mark(stack, "top", "trusted.overlay.opaque", "y");
  check(stack, "/etc/passwd", "shown");
}

static void marks_of_users(void **state) {
  struct stack *stack = *state;
  put(stack, "bottom/etc/passwd", "shown");
  put(stack, "top/etc/group", "top");
  put_mark(stack, "top/etc", "user.overlay.opaque", "y");
  check(stack, "/etc/passwd", "shown");
  stack->root.userxattr = true;
  check_error(stack, "/etc/passwd", CTD_NOT_FOUND);
}

static void redirects(void **state) {
  const struct stack *stack = *state;
  put(stack, "top/etc/passwd", "x");
  put_mark(stack, "top/etc", "trusted.overlay.redirect", "/old");
  check_error(stack, "/etc/passwd", CTD_UNIMPLEMENTED);
}

static void missing_layer(void **state) {
  const struct stack *stack = *state;
  put(stack, "top/shown", "shown");
  assert_int_equal(rmdir(stack->paths[1]), 0);
  check(stack, "/shown", "shown");
  check_error(stack, "/etc/passwd", CTD_FAILED_PRECONDITION);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(layers),
      TEST(links_stay_inside),
      TEST(regular_files_only),
      TEST(limit),
      TEST(files_hide_directories),
      TEST(links_are_not_merged),
      TEST(whiteouts),
      TEST(opaque_directories),
      TEST(opaque_root_is_not),
      TEST(marks_of_users),
      TEST(redirects),
      TEST(missing_layer),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
