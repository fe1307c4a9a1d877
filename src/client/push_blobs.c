#include "client/push_blobs.h"
#include "base/thread.h"
#include "client/push_source.h"
#include "registry/push.h"
#include <stdlib.h>

#define TELL_INTERVAL 0.1 /* seconds between two reports of bytes */

struct blobs {
  const struct ctd_push_shared *shared;
  const struct ctd_push_items *items;
  atomic_size_t next;     /* that nobody sends yet */
  struct ctd_error error; /* of the thread that failed before anything else did */
};

struct sending {
  const struct ctd_push_shared *shared;
  const struct ctd_descriptor *descriptor;
  struct ctd_push_source *source;
  double told;
};

static int sending_read(void *context, int64_t offset, void *data, size_t size, size_t *got, struct ctd_error *err) {
  struct sending *sending = context;
  double now = ctd_now_monotonic();
  if (now - sending->told >= TELL_INTERVAL) {
    sending->told = now;
    ctd_pull_tell(sending->shared->report, sending->descriptor, CTD_PROGRESS_UPLOADING, offset);
  }
  return ctd_push_source_read(sending->source, offset, data, size, got, err);
}

static int blob_send(const struct ctd_push_shared *shared, struct ctd_http *http, const struct ctd_push_item *item,
                     struct ctd_error *err) {
  static const enum ctd_progress_state states[] = {[CTD_UPLOAD_EXISTS] = CTD_PROGRESS_EXISTS,
                                                   [CTD_UPLOAD_MOUNTED] = CTD_PROGRESS_MOUNTED,
                                                   [CTD_UPLOAD_DONE] = CTD_PROGRESS_UPLOADED};
  const struct ctd_descriptor *descriptor = &item->node->descriptor;
  struct sending sending = {.shared = shared, .descriptor = descriptor};
  const struct ctd_upload upload = {.digest = descriptor->digest,
                                    .size = descriptor->size,
                                    .read = sending_read,
                                    .context = &sending,
                                    .mount = item->mount,
                                    .chunk_size = shared->chunk_size};
  enum ctd_upload_result how;
  if (ctd_push_source_open(&sending.source, shared->client, descriptor, shared->scope, err))
    return -1;
  int result = ctd_registry_upload(shared->registry, http, shared->scope, &upload, &how, err);
  ctd_push_source_free(sending.source);
  if (!result)
    ctd_pull_tell(shared->report, descriptor, states[how], descriptor->size);
  return result;
}

static int blobs_work(struct blobs *blobs, struct ctd_http *http, struct ctd_error *err) {
  for (;;) {
    size_t i = atomic_fetch_add(&blobs->next, 1);
    if (i >= blobs->items->blob_count)
      return 0;
    if (ctd_scope_check(blobs->shared->scope, err) || blob_send(blobs->shared, http, &blobs->items->blobs[i], err))
      return -1;
  }
}

/* The first failure ends the push; those that follow from it don't count. */
static void blobs_fail(struct blobs *blobs, struct ctd_error *err) {
  if (!atomic_exchange(&blobs->shared->scope->cancelled, true))
    ctd_error_move(&blobs->error, err);
  else
    ctd_error_clear(err);
}

static void *blobs_run(void *context) {
  struct blobs *blobs = context;
  struct ctd_http *http = NULL;
  struct ctd_error err = {0};
  if (ctd_http_open(&http, &err) || blobs_work(blobs, http, &err))
    blobs_fail(blobs, &err);
  ctd_http_close(http);
  return NULL;
}

int ctd_push_blobs(const struct ctd_push_shared *shared, const struct ctd_push_items *items, int concurrency,
                   struct ctd_error *err) {
  struct blobs blobs = {.shared = shared, .items = items};
  size_t limit = (size_t)concurrency < items->blob_count ? (size_t)concurrency : items->blob_count, started = 0;
  pthread_t *threads = calloc(limit + 1, sizeof *threads);
  struct ctd_error failed = {0};
  if (!threads)
    return ctd_error_nomem(err);
  for (size_t i = 0; i < items->blob_count; i++)
    ctd_pull_tell(shared->report, &items->blobs[i].node->descriptor, CTD_PROGRESS_WAITING, 0);
  for (; started < limit; started++)
    if (ctd_thread_start(&threads[started], "ctd-push", blobs_run, &blobs, &failed))
      break;
  if (started < limit)
    blobs_fail(&blobs, &failed);
  for (size_t i = 0; i < started; i++)
    pthread_join(threads[i], NULL);
  free(threads);
  if (!blobs.error.code)
    return 0;
  ctd_error_move(err, &blobs.error);
  return -1;
}
