#include "scratch.h"

#include "cmocka_all.h"
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *scratch_new(void) {
  char *directory = strdup("/tmp/lua-containerd-test-XXXXXX");
  assert_non_null(directory);
  assert_non_null(mkdtemp(directory));
  return directory;
}

static int entry_remove(const char *path, const struct stat *info, int type, struct FTW *walk) {
  (void)info, (void)type, (void)walk;
  return remove(path);
}

void scratch_remove(char *directory) {
  assert_int_equal(nftw(directory, entry_remove, 16, FTW_DEPTH | FTW_PHYS), 0);
  free(directory);
}

char *scratch_write(const char *directory, const char *name, const char *text) {
  char *path = NULL;
  assert_true(asprintf(&path, "%s/%s", directory, name) > 0);
  for (char *slash = path + strlen(directory) + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
    *slash = '\0';
    mkdir(path, 0755);
  }
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, text, strlen(text)), strlen(text));
  assert_int_equal(close(fd), 0);
  return path;
}
