#include "client/pull_layer.h"
#include "client/content.h"
#include "client/ref_claim.h"
#include <stdlib.h>

#define TELL_INTERVAL 0.1 /* seconds between two reports of bytes */

struct download {
  const struct ctd_pull_shared *shared;
  struct ctd_lines *lines;
  const struct ctd_descriptor *layer;
  struct ctd_content_writer *writer;
  int64_t offset;
  bool fetched; /* all bytes have come */
  double told;
};

static void download_tell(struct download *download) {
  double now = ctd_now_monotonic();
  if (now - download->told < TELL_INTERVAL)
    return;
  download->told = now;
  ctd_pull_tell(download->shared->report, download->layer, CTD_PROGRESS_DOWNLOADING, download->offset);
}

static int download_sink(void *context, const void *data, size_t size, struct ctd_error *err) {
  struct download *download = context;
  if (ctd_content_write(download->writer, data, size, err))
    return -1;
  download->offset += (int64_t)size;
  download_tell(download);
  return 0;
}

/* The addresses of a layer that registries may not hold; NULL for others. The caller frees the array. */
static int layer_urls(const struct ctd_descriptor *layer, const char ***out, struct ctd_error *err) {
  size_t count = json_array_size(layer->urls);
  *out = NULL;
  if (!count)
    return 0;
  *out = calloc(count + 1, sizeof **out);
  if (!*out)
    return ctd_error_nomem(err);
  for (size_t i = 0; i < count; i++)
    (*out)[i] = json_string_value(json_array_get(layer->urls, i));
  return 0;
}

static int download_fetch(struct download *download, struct ctd_error *err) {
  const struct ctd_pull_shared *shared = download->shared;
  const struct ctd_descriptor *layer = download->layer;
  const char **urls;
  if (layer_urls(layer, &urls, err))
    return -1;
  struct ctd_blob blob = {.media_type = layer->media_type, .digest = layer->digest, .size = layer->size, .urls = urls};
  int result = ctd_lines_fetch(download->lines, shared->registry, shared->scope, &blob, download->offset, download_sink,
                               download, err);
  free(urls);
  return result;
}

/* The daemon has it already, and learns where else it is. */
static int layer_exists(const struct ctd_pull_shared *shared, const struct ctd_descriptor *layer,
                        struct ctd_error *err) {
  if (ctd_content_label(shared->client, layer->digest, shared->origin, shared->scope, err))
    return -1;
  ctd_pull_tell(shared->report, layer, CTD_PROGRESS_EXISTS, layer->size);
  return 0;
}

/* Fetches what the ingest lacks and commits it. */
static int download_write(struct download *download, struct ctd_error *err) {
  download_tell(download);
  if (download_fetch(download, err))
    return -1;
  download->fetched = true;
  if (ctd_content_commit(download->writer, download->shared->origin, err))
    return -1;
  ctd_pull_tell(download->shared->report, download->layer, CTD_PROGRESS_DOWNLOADED, download->layer->size);
  return 0;
}

/* Whether the commit found wrong bytes. */
static bool download_was_wrong(const struct download *download, const struct ctd_error *err) {
  return download->fetched && err->code == CTD_DIGEST_MISMATCH;
}

/*
 * Wrong bytes are fetched again, from the start: where an earlier ingest was continued, its part may have been the
 * wrong one; else those that sent them are asked no more, and when none is left, fetching fails.
 */
static int layer_download(const struct ctd_pull_shared *shared, struct ctd_lines *lines,
                          const struct ctd_descriptor *layer, const char *ref, struct ctd_error *err) {
  for (bool again = false;; again = true) {
    struct download download = {.shared = shared, .lines = lines, .layer = layer};
    if (ctd_content_open(shared->client, ref, layer->digest, layer->size, shared->scope, &download.writer,
                         &download.offset, err))
      return -1;
    if (!download.writer)
      return layer_exists(shared, layer, err);
    if (again || download.offset > layer->size) {
      ctd_content_truncate(download.writer);
      download.offset = 0;
    }
    bool resumed = download.offset > 0;
    int result = download_write(&download, err);
    ctd_content_close(download.writer);
    if (!result || !download_was_wrong(&download, err))
      return result;
    if (!resumed)
      ctd_registry_reject(shared->registry, layer->digest);
    ctd_error_clear(err);
  }
}

int ctd_pull_layer(const struct ctd_pull_shared *shared, struct ctd_lines *lines, const struct ctd_descriptor *layer,
                   struct ctd_error *err) {
  struct ctd_ref_claim claim;
  char *ref;
  if (!layer->size)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "layer %s is said to be empty", layer->digest);
  if (ctd_descriptor_ref(&ref, layer, err))
    return -1;
  int result = ctd_ref_claim(&claim, shared->client, ref, shared->scope, err);
  if (!result) {
    result = layer_download(shared, lines, layer, ref, err);
    ctd_ref_release(&claim);
  }
  free(ref);
  return result;
}
