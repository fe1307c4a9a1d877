#include "registry/fetch.h"

#include "oci/descriptor.h"
#include "registry/registry.h"
#include "registry/url.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A place to get the blob from: a host, or an address of the blob's own. */
struct place {
  const char *url; /* borrowed, or NULL */
  char *authority; /* of `url`, owned */
  size_t host;
};

struct fetch {
  struct ctd_registry *registry;
  struct ctd_http *http;
  struct ctd_scope *scope;
  const struct ctd_blob *blob;
  ctd_blob_sink sink;
  void *context;
  struct place *places;
  char *path;       /* below the repository */
  int64_t position; /* of the next byte for the sink */
  int64_t end;      /* where the part that is wanted ends */

  /* the answer that is being read */
  size_t place;
  struct ctd_attempt *attempt;
  bool begun;   /* its headers have been checked */
  bool refused; /* it is wrong, and the attempt says why */
  int64_t skip; /* bytes that we have already */
};

static bool blob_is_manifest(const struct ctd_blob *blob) {
  return ctd_media_type_is_manifest(blob->media_type) || ctd_media_type_is_index(blob->media_type);
}

static size_t url_count(const struct ctd_blob *blob) {
  size_t count = 0;
  while (blob->urls && blob->urls[count])
    count++;
  return count;
}

/* The addresses of a foreign layer may be of any kind; only those that we speak count. */
static int places_add_urls(struct fetch *fetch, size_t *count, struct ctd_error *err) {
  const char *const *urls = fetch->blob->urls;
  for (size_t i = 0; urls && urls[i]; i++) {
    struct ctd_url url;
    if (ctd_url_parse(&url, urls[i], err) < 0) {
      if (err->code != CTD_INVALID_ARGUMENT)
        return -1;
      ctd_error_clear(err);
      continue;
    }
    fetch->places[(*count)++] = (struct place){.url = urls[i], .authority = url.authority, .host = SIZE_MAX};
    url.authority = NULL;
    ctd_url_free(&url);
  }
  return 0;
}

static void places_add_hosts(struct fetch *fetch, size_t *count) {
  const struct ctd_hosts *hosts = &fetch->registry->hosts;
  for (size_t i = 0; i < hosts->count; i++) {
    if (hosts->items[i].capabilities & CTD_HOST_PULL)
      fetch->places[(*count)++] = (struct place){.host = i};
  }
}

/* One whose bytes were wrong isn't asked again, but the error tells of it. */
static void attempt_begin(struct ctd_attempt *attempt, const struct place *place, struct ctd_registry *registry,
                          uint64_t rejected) {
  attempt->host = place->url ? place->authority : registry->hosts.items[place->host].authority;
  attempt->down = !place->url && atomic_load(&registry->learnt[place->host].silent);
  if (rejected & ctd_source_bit(place->host)) {
    ctd_attempt_note(attempt, CTD_VERDICT_NEXT, CTD_DIGEST_MISMATCH, "sent other bytes");
    attempt->tries = 1;
    attempt->over = true;
  }
}

static int fetch_choose_places(struct fetch *fetch, struct ctd_attempts *attempts, struct ctd_error *err) {
  struct ctd_registry *registry = fetch->registry;
  size_t count = 0;
  uint64_t rejected = ctd_sources_rejected(&registry->sources, fetch->blob->digest);
  fetch->places = calloc(url_count(fetch->blob) + registry->hosts.count, sizeof *fetch->places);
  if (!fetch->places)
    return ctd_error_nomem(err);
  if (places_add_urls(fetch, &count, err) < 0)
    return -1;
  places_add_hosts(fetch, &count);
  if (count == 0)
    return ctd_error_set(err, CTD_FAILED_PRECONDITION, "fetch %s of %s: no host is configured that may be asked",
                         fetch->blob->digest, registry->name);
  if (ctd_attempts_new(attempts, count, err) < 0)
    return -1;
  for (size_t i = 0; i < count; i++)
    attempt_begin(&attempts->items[i], &fetch->places[i], registry, rejected);
  return 0;
}

static void fetch_free(struct fetch *fetch) {
  for (size_t i = 0; fetch->places && i < url_count(fetch->blob); i++)
    free(fetch->places[i].authority);
  free(fetch->places);
  free(fetch->path);
}

/* Reads "bytes 5-9/10"; *total is −1 for "*". */
static bool range_parse(const char *text, int64_t *first, int64_t *total) {
  char *end;
  if (!text || strncasecmp(text, "bytes ", 6) != 0)
    return false;
  errno = 0;
  *first = strtoll(text + 6, &end, 10);
  if (end == text + 6 || *end != '-')
    return false;
  strtoll(end + 1, &end, 10);
  if (*end != '/')
    return false;
  text = end + 1;
  *total = strcmp(text, "*") == 0 ? -1 : strtoll(text, &end, 10);
  return errno == 0 && (*total == -1 || (end != text && !*end));
}

static int fetch_refuse(struct fetch *fetch, enum ctd_code code, const char *text) {
  fetch->refused = true;
  ctd_attempt_note(fetch->attempt, CTD_VERDICT_NEXT, code, "%s", text);
  return -1;
}

static int fetch_check_size(struct fetch *fetch, int64_t size) {
  if (size > fetch->blob->size)
    return fetch_refuse(fetch, CTD_OUT_OF_RANGE, "has more bytes than the descriptor says");
  if (size >= 0 && size < fetch->blob->size)
    return fetch_refuse(fetch, CTD_DATA_LOSS, "has fewer bytes than the descriptor says");
  return 0;
}

/*
 * Where in the blob the answer's body begins, and whether it can be the right one. A server may ignore our Range and
 * send all of it: then what we have is skipped.
 */
static int fetch_begin(struct fetch *fetch, const struct ctd_http_response *response) {
  const char *encoding = ctd_http_header(response, "content-encoding", NULL);
  int64_t first = 0, total = -1;
  fetch->begun = true;
  if (encoding && *encoding && strcasecmp(encoding, "identity") != 0)
    return fetch_refuse(fetch, CTD_DATA_LOSS, "sent an encoding that wasn't asked for");
  if (response->status == 206) {
    if (!range_parse(ctd_http_header(response, "content-range", NULL), &first, &total))
      return fetch_refuse(fetch, CTD_DATA_LOSS, "sent a part without a readable Content-Range");
  } else {
    const char *length = ctd_http_header(response, "content-length", NULL);
    total = length ? strtoll(length, NULL, 10) : -1;
  }
  if (first < 0 || first > fetch->position)
    return fetch_refuse(fetch, CTD_DATA_LOSS, "sent another range than asked for");
  fetch->skip = fetch->position - first;
  return fetch_check_size(fetch, total);
}

static int fetch_body(void *context, const struct ctd_http_response *response, const void *data, size_t size,
                      struct ctd_error *err) {
  struct fetch *fetch = context;
  const char *bytes = data;
  if (!fetch->begun && fetch_begin(fetch, response) < 0)
    return -1;
  if (fetch->skip >= (int64_t)size) {
    fetch->skip -= (int64_t)size;
    return 0;
  }
  bytes += fetch->skip;
  size -= (size_t)fetch->skip;
  fetch->skip = 0;
  if ((int64_t)size > fetch->blob->size - fetch->position)
    return fetch_refuse(fetch, CTD_OUT_OF_RANGE, "has more bytes than the descriptor says");
  if (!fetch->attempt->progress &&
      ctd_sources_served(&fetch->registry->sources, fetch->blob->digest, fetch->places[fetch->place].host, err) < 0)
    return -1;
  fetch->attempt->progress = true;
  if (fetch->sink(fetch->context, bytes, size, err) < 0)
    return -1;
  fetch->position += (int64_t)size;
  return 0;
}

static enum ctd_verdict fetch_ask(void *context, size_t index, struct ctd_attempt *attempt, struct ctd_error *err) {
  struct fetch *fetch = context;
  const struct place *place = &fetch->places[index];
  const struct ctd_registry_call call = {.host = place->host,
                                         .url = place->url,
                                         .path = fetch->path,
                                         .accept = blob_is_manifest(fetch->blob) ? CTD_MANIFEST_TYPES : NULL,
                                         .from = fetch->position,
                                         .to = fetch->end < fetch->blob->size ? fetch->end : 0,
                                         .sink = fetch_body,
                                         .context = fetch};
  struct ctd_http_response response;
  fetch->place = index;
  fetch->attempt = attempt;
  fetch->begun = fetch->refused = false;
  enum ctd_verdict verdict =
      ctd_registry_ask(fetch->registry, fetch->http, fetch->scope, &call, &response, attempt, err);
  if (verdict == CTD_VERDICT_STOP && fetch->refused)
    verdict = CTD_VERDICT_NEXT;
  if (verdict == CTD_VERDICT_DONE && fetch->position < fetch->end)
    verdict = ctd_attempt_note(attempt, CTD_VERDICT_AGAIN, CTD_DATA_LOSS,
                               "ended after %" PRId64 " of %" PRId64 " bytes", fetch->position, fetch->end);
  ctd_http_response_free(&response);
  return verdict;
}

int ctd_registry_fetch_part(struct ctd_registry *registry, struct ctd_http *http, struct ctd_scope *scope,
                            const struct ctd_blob *blob, int64_t offset, int64_t end, ctd_blob_sink sink, void *context,
                            struct ctd_error *err) {
  struct fetch fetch = {.registry = registry,
                        .http = http,
                        .scope = scope,
                        .blob = blob,
                        .sink = sink,
                        .context = context,
                        .position = offset,
                        .end = end};
  struct ctd_attempts attempts = {0};
  char *what = NULL;
  int result = -1;
  if (offset >= end)
    return 0;
  if (fetch_choose_places(&fetch, &attempts, err) < 0)
    goto out;
  fetch.path = ctd_format(err, "/%s/%s", blob_is_manifest(blob) ? "manifests" : "blobs", blob->digest);
  what = ctd_format(err, "fetch %s of %s", blob->digest, registry->name);
  if (fetch.path && what)
    result = ctd_attempts_run(&attempts, registry->retries, what, scope, fetch_ask, &fetch, err);
out:
  ctd_attempts_free(&attempts);
  fetch_free(&fetch);
  free(what);
  return result;
}

int ctd_registry_fetch(struct ctd_registry *registry, struct ctd_http *http, struct ctd_scope *scope,
                       const struct ctd_blob *blob, int64_t offset, ctd_blob_sink sink, void *context,
                       struct ctd_error *err) {
  return ctd_registry_fetch_part(registry, http, scope, blob, offset, blob->size, sink, context, err);
}

void ctd_registry_reject(struct ctd_registry *registry, const char *digest) {
  ctd_sources_reject(&registry->sources, digest);
}
