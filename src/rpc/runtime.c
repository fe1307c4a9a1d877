#include "rpc/runtime.h"
#include "base/standard_fds.h"
#include <grpc/grpc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

static pthread_mutex_t start_mutex = PTHREAD_MUTEX_INITIALIZER;
static atomic_int owner; /* the pid that started gRPC; 0: nobody yet */

bool ctd_runtime_usable(void) {
  return atomic_load(&owner) == getpid();
}

/* A forked child must not wait for the mutex: it may have been taken when the process was forked. */
int ctd_runtime_start(struct ctd_error *err) {
  if (!atomic_load(&owner)) {
    pthread_mutex_lock(&start_mutex);
    if (!atomic_load(&owner)) {
      ctd_standard_fds_reserve();
      grpc_init();
      atomic_store(&owner, getpid());
    }
    pthread_mutex_unlock(&start_mutex);
  }
  if (ctd_runtime_usable())
    return 0;
  return ctd_error_set(err, CTD_FAILED_PRECONDITION,
                       "this process was forked after its parent had connected: connect after the fork instead");
}
