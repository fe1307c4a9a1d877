#include "rpc/runtime.h"
#include "base/fork.h"
#include "base/standard_fds.h"
#include <pthread.h>
#include <stdatomic.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static atomic_int owner; /* its generation; 0: nobody yet */

bool ctd_runtime_usable(void) {
  return atomic_load(&owner) == ctd_fork_generation();
}

static void runtime_start(void) {
  ctd_standard_fds_reserve();
  atomic_store(&owner, ctd_fork_generation());
}

int ctd_runtime_start(struct ctd_error *err) {
  if (!atomic_load(&owner))
    pthread_once(&once, runtime_start);
  if (ctd_runtime_usable())
    return 0;
  return ctd_error_set(err, CTD_FAILED_PRECONDITION,
                       "this process was forked after its parent had connected: connect after the fork instead");
}
