#include "client/ref_claim.h"
#include "rpc/channel.h"
#include <pthread.h>
#include <string.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t released = PTHREAD_COND_INITIALIZER;
static struct ctd_ref_claim *claims;

static bool is_claimed(const struct ctd_ref_claim *wanted) {
  for (const struct ctd_ref_claim *claim = claims; claim; claim = claim->next)
    if (claim->target->channel == wanted->target->channel &&
        !strcmp(claim->target->namespace, wanted->target->namespace) && !strcmp(claim->ref, wanted->ref))
      return true;
  return false;
}

/* With the mutex. */
static void await_release(struct ctd_scope *scope) {
  double until = ctd_now_monotonic() + ctd_scope_slice(scope);
  struct timespec when = {(time_t)until, (long)(fmod(until, 1) * 1e9)};
  pthread_cond_clockwait(&released, &mutex, CLOCK_MONOTONIC, &when);
}

int ctd_ref_claim(struct ctd_ref_claim *claim, struct ctd_client *client, const char *ref, struct ctd_scope *scope,
                  struct ctd_error *err) {
  int result = 0;
  *claim = (struct ctd_ref_claim){.target = ctd_client_target(client), .ref = ref};
  pthread_mutex_lock(&mutex);
  while (is_claimed(claim) && !(result = ctd_scope_check(scope, err)))
    await_release(scope);
  if (!result) {
    claim->next = claims;
    claims = claim;
  }
  pthread_mutex_unlock(&mutex);
  return result;
}

void ctd_ref_release(struct ctd_ref_claim *claim) {
  pthread_mutex_lock(&mutex);
  struct ctd_ref_claim **at = &claims;
  while (*at != claim)
    at = &(*at)->next;
  *at = claim->next;
  pthread_cond_broadcast(&released);
  pthread_mutex_unlock(&mutex);
}
