#include "base/fork.h"
#include <pthread.h>
#include <stdatomic.h>

static atomic_int generation = 1;

static void count(void) {
  atomic_fetch_add(&generation, 1);
}

static void watch(void) {
  pthread_atfork(NULL, NULL, count);
}

int ctd_fork_generation(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, watch);
  return atomic_load(&generation);
}
