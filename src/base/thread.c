#include "base/thread.h"
#include <signal.h>

int ctd_thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *argument, struct ctd_error *err) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int failed = pthread_create(thread, NULL, run, argument);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (failed)
    return ctd_error_errno(err, failed, "start a thread");
  pthread_setname_np(*thread, name);
  return 0;
}
