/*
 * Preloaded after libasan into the Lua that loads a sanitized module: its children (sh, ctr, daemons) aren't ours to
 * check, so they don't inherit the preloading. A Lua among them starts through the same wrapper and has it again.
 *
 * The leak checker stops all threads, and crashes if one of them is about to end. libcurl resolves names in some: the
 * exit waits until their number stays the same.
 */
#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#define LOOK_USEC 50000
#define LOOKS 40

static int count_threads(void) {
  int count = 0;
  DIR *threads = opendir("/proc/self/task");
  while (threads && readdir(threads))
    count++;
  if (threads)
    closedir(threads);
  return count;
}

static void preload_settle(void) {
  int before = 0, now = count_threads();
  for (int i = 0; now != before && i < LOOKS; i++) {
    usleep(LOOK_USEC);
    before = now;
    now = count_threads();
  }
}

__attribute__((constructor)) static void preload_begin(void) {
  unsetenv("LD_PRELOAD");
  atexit(preload_settle); /* before the checker's own, which was there first */
}
