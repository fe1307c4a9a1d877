#include "client/pull_layers.h"
#include "base/thread.h"
#include "client/pull_layer.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct ctd_pull_layers {
  const struct ctd_pull_shared *shared;
  const struct ctd_manifest *manifest;
  pthread_t *threads;
  size_t thread_count;
  pthread_mutex_t lock; /* of all below */
  pthread_cond_t arrived;
  size_t next;            /* the lowest layer that nobody fetches yet */
  bool *present;          /* for each layer */
  struct ctd_error error; /* of the thread that failed before anything else did */
};

/* The first failure ends the pull; those that follow from it don't count. */
static void layers_fail(struct ctd_pull_layers *layers, struct ctd_error *err) {
  if (!atomic_exchange(&layers->shared->scope->cancelled, true))
    ctd_error_move(&layers->error, err);
  else
    ctd_error_clear(err);
}

static bool layers_take(struct ctd_pull_layers *layers, size_t *layer) {
  pthread_mutex_lock(&layers->lock);
  bool some = layers->next < layers->manifest->layer_count && !ctd_scope_cancelled(layers->shared->scope);
  if (some)
    *layer = layers->next++;
  pthread_mutex_unlock(&layers->lock);
  return some;
}

static void layers_note(struct ctd_pull_layers *layers, size_t layer) {
  pthread_mutex_lock(&layers->lock);
  layers->present[layer] = true;
  pthread_cond_broadcast(&layers->arrived);
  pthread_mutex_unlock(&layers->lock);
}

static int fetcher_work(struct ctd_pull_layers *layers, struct ctd_lines *lines, struct ctd_error *err) {
  size_t layer;
  while (layers_take(layers, &layer)) {
    if (ctd_pull_layer(layers->shared, lines, &layers->manifest->layers[layer], err))
      return -1;
    layers_note(layers, layer);
  }
  return 0;
}

static void *fetcher_run(void *context) {
  struct ctd_pull_layers *layers = context;
  struct ctd_lines *lines = NULL;
  struct ctd_error err = {0};
  if (ctd_lines_open(&lines, &err) || fetcher_work(layers, lines, &err))
    layers_fail(layers, &err);
  ctd_lines_close(lines);
  return NULL;
}

static struct ctd_pull_layers *layers_new(const struct ctd_pull_shared *shared, const struct ctd_manifest *manifest,
                                          size_t first, size_t thread_limit) {
  struct ctd_pull_layers *layers = calloc(1, sizeof *layers);
  if (!layers)
    return NULL;
  layers->shared = shared;
  layers->manifest = manifest;
  layers->next = first;
  layers->threads = calloc(thread_limit + 1, sizeof *layers->threads);
  layers->present = calloc(manifest->layer_count + 1, sizeof *layers->present);
  if (!layers->threads || !layers->present) {
    free(layers->threads);
    free(layers->present);
    free(layers);
    return NULL;
  }
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&layers->arrived, &monotonic);
  pthread_condattr_destroy(&monotonic);
  pthread_mutex_init(&layers->lock, NULL);
  return layers;
}

int ctd_pull_layers_start(struct ctd_pull_layers **out, const struct ctd_pull_shared *shared,
                          const struct ctd_manifest *manifest, size_t first, int concurrency, struct ctd_error *err) {
  size_t missing = manifest->layer_count - first;
  size_t limit = (size_t)concurrency < missing ? (size_t)concurrency : missing;
  struct ctd_pull_layers *layers = *out = layers_new(shared, manifest, first, limit);
  if (!layers)
    return ctd_error_nomem(err);
  for (size_t i = 0; i < manifest->layer_count; i++) {
    bool here = i < first;
    ctd_pull_tell(shared->report, &manifest->layers[i], here ? CTD_PROGRESS_EXISTS : CTD_PROGRESS_WAITING,
                  here ? manifest->layers[i].size : 0);
  }
  for (; layers->thread_count < limit; layers->thread_count++)
    if (ctd_thread_start(&layers->threads[layers->thread_count], "ctd-fetch", fetcher_run, layers, err))
      return -1;
  return 0;
}

/* With the lock held: until a layer has come, or the scope is due for a look. */
static void layers_wait(struct ctd_pull_layers *layers) {
  double until = ctd_now_monotonic() + ctd_scope_slice(layers->shared->scope);
  struct timespec time = {(time_t)until, (long)((until - floor(until)) * 1e9)};
  pthread_cond_timedwait(&layers->arrived, &layers->lock, &time);
}

int ctd_pull_layers_await(struct ctd_pull_layers *layers, size_t layer, struct ctd_error *err) {
  int result = 0;
  pthread_mutex_lock(&layers->lock);
  while (!layers->present[layer] && !(result = ctd_scope_check(layers->shared->scope, err)))
    layers_wait(layers);
  pthread_mutex_unlock(&layers->lock);
  return result;
}

void ctd_pull_layers_free(struct ctd_pull_layers *layers, struct ctd_error *err) {
  if (!layers)
    return;
  ctd_scope_cancel(layers->shared->scope);
  for (size_t i = 0; i < layers->thread_count; i++)
    pthread_join(layers->threads[i], NULL);
  if (err && layers->error.code)
    ctd_error_move(err, &layers->error);
  ctd_error_clear(&layers->error);
  pthread_cond_destroy(&layers->arrived);
  pthread_mutex_destroy(&layers->lock);
  free(layers->threads);
  free(layers->present);
  free(layers);
}
