#include "registry/push.h"

#include "registry/push_host.h"
#include "registry/url.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OCTETS "application/octet-stream"

/* How long telling the host of an upload's end may take, in seconds: the push has failed already. */
#define CANCEL_TIMEOUT 2.0

struct upload {
  struct ctd_registry *registry;
  struct ctd_http *http;
  struct ctd_scope *scope;
  const struct ctd_upload *blob;
  size_t host;
  const char *mount; /* NULL: not, or not any more */
  char *location;    /* of the upload under way; NULL: there is none */
  int64_t offset;    /* bytes of it that the host has */
  int64_t start;     /* where the body being sent begins in the blob */
  int64_t given;     /* bytes that the source has given so far */
  bool resumed;      /* it was taken up again */
  bool finished;     /* the host has the blob */
  bool begun;        /* an upload was started before */
  enum ctd_upload_result result;
};

static void upload_finish(struct upload *upload, enum ctd_upload_result result) {
  upload->finished = true;
  upload->result = result;
}

/* The next try begins a new one. */
static void upload_forget(struct upload *upload) {
  free(upload->location);
  upload->location = NULL;
  upload->offset = 0;
  upload->resumed = false;
}

/* Whether the host has the blob; DONE either way. An upload may have succeeded though its answer was lost. */
static enum ctd_verdict upload_check(struct upload *upload, struct ctd_attempt *attempt, struct ctd_error *err) {
  struct ctd_http_response response;
  char *path = ctd_format(err, "/blobs/%s", upload->blob->digest);
  const struct ctd_registry_call call = {.host = upload->host, .method = "HEAD", .path = path};
  if (!path)
    return CTD_VERDICT_STOP;
  enum ctd_verdict verdict =
      ctd_registry_ask(upload->registry, upload->http, upload->scope, &call, &response, attempt, err);
  if (verdict == CTD_VERDICT_DONE)
    upload_finish(upload, upload->begun ? CTD_UPLOAD_DONE : CTD_UPLOAD_EXISTS);
  else if (verdict == CTD_VERDICT_NEXT && attempt->status == 404)
    verdict = CTD_VERDICT_DONE;
  ctd_http_response_free(&response);
  free(path);
  return verdict;
}

/* Each answer may say where to go on; one that doesn't means the same place. */
static enum ctd_verdict upload_locate(struct upload *upload, const struct ctd_http_response *response,
                                      struct ctd_attempt *attempt, struct ctd_error *err) {
  const char *target = ctd_http_header(response, "location", NULL);
  char *next = NULL;
  if (!target)
    return CTD_VERDICT_DONE;
  if (ctd_url_join(&next, attempt->url, target, err) < 0)
    return ctd_attempt_note(attempt, CTD_VERDICT_NEXT, err->code, "%s", err->message);
  free(upload->location);
  upload->location = next;
  return CTD_VERDICT_DONE;
}

static enum ctd_verdict upload_post(struct upload *upload, struct ctd_attempt *attempt, struct ctd_error *err) {
  struct ctd_http_response response;
  char *path = upload->mount ? ctd_format(err, "/blobs/uploads/?mount=%s&from=%s", upload->blob->digest, upload->mount)
                             : ctd_format(err, "/blobs/uploads/");
  const struct ctd_registry_call call = {
      .host = upload->host, .method = "POST", .path = path, .content_type = OCTETS, .body = "", .body_size = 0};
  if (!path)
    return CTD_VERDICT_STOP;
  enum ctd_verdict verdict =
      ctd_registry_ask(upload->registry, upload->http, upload->scope, &call, &response, attempt, err);
  if (verdict == CTD_VERDICT_DONE && response.status == 201)
    upload_finish(upload, CTD_UPLOAD_MOUNTED);
  else if (verdict == CTD_VERDICT_DONE)
    verdict = upload_locate(upload, &response, attempt, err);
  ctd_http_response_free(&response);
  free(path);
  return verdict;
}

/* Begins an upload, or mounts the blob. Some hosts refuse where others merely don't mount. */
static enum ctd_verdict upload_start(struct upload *upload, struct ctd_attempt *attempt, struct ctd_error *err) {
  enum ctd_verdict verdict = upload_post(upload, attempt, err);
  if (verdict != CTD_VERDICT_NEXT || !upload->mount)
    return verdict;
  upload->mount = NULL;
  return upload_post(upload, attempt, err);
}

/* Reads "0-99", the bytes that the host has; "0-0" stands for none too. −1 where it isn't that. */
static int64_t range_end(const struct ctd_http_response *response) {
  const char *text = ctd_http_header(response, "range", NULL);
  long long first, last;
  char extra;
  if (text && !strncmp(text, "bytes=", 6))
    text += 6;
  if (!text || sscanf(text, "%lld-%lld%c", &first, &last, &extra) != 2 || first != 0 || last < 0)
    return -1;
  return last ? last + 1 : 0;
}

/* Asks how far an upload that was cut has come. One that the host doesn't know any more is begun again. */
static enum ctd_verdict upload_status(struct upload *upload, struct ctd_attempt *attempt, struct ctd_error *err) {
  struct ctd_http_response response;
  const struct ctd_registry_call call = {.host = upload->host, .location = upload->location};
  enum ctd_verdict verdict =
      ctd_registry_ask(upload->registry, upload->http, upload->scope, &call, &response, attempt, err);
  int64_t end = verdict == CTD_VERDICT_DONE ? range_end(&response) : -1;
  if (verdict == CTD_VERDICT_DONE && end >= upload->offset && end <= upload->given) {
    attempt->progress = end > upload->offset;
    upload->offset = end;
    upload->resumed = end > 0;
    verdict = upload_locate(upload, &response, attempt, err);
  } else if (verdict == CTD_VERDICT_DONE || verdict == CTD_VERDICT_NEXT) {
    upload_forget(upload);
    verdict = CTD_VERDICT_DONE;
  }
  ctd_http_response_free(&response);
  return verdict;
}

/* What a failed step means: another upload may succeed where this one is unknown or has gone wrong. */
static enum ctd_verdict upload_judge(struct upload *upload, enum ctd_verdict verdict,
                                     const struct ctd_attempt *attempt) {
  int status = attempt->status;
  if (verdict != CTD_VERDICT_NEXT || !(status == 404 || status == 416 || (upload->resumed && status / 100 == 4)))
    return verdict;
  if (status != 416)
    upload_forget(upload);
  return CTD_VERDICT_AGAIN;
}

static int upload_read(void *context, int64_t offset, void *data, size_t size, size_t *got, struct ctd_error *err) {
  struct upload *upload = context;
  if (upload->blob->read(upload->blob->context, upload->start + offset, data, size, got, err) < 0)
    return -1;
  int64_t end = upload->start + offset + (int64_t)*got;
  if (end > upload->given)
    upload->given = end;
  return 0;
}

/* Sends the next bytes. */
static enum ctd_verdict upload_patch(struct upload *upload, int64_t size, struct ctd_attempt *attempt,
                                     struct ctd_error *err) {
  char range[48];
  const struct ctd_registry_call call = {.host = upload->host,
                                         .method = "PATCH",
                                         .location = upload->location,
                                         .content_type = OCTETS,
                                         .content_range = range,
                                         .source = upload_read,
                                         .source_context = upload,
                                         .source_size = size};
  struct ctd_http_response response;
  upload->start = upload->offset;
  snprintf(range, sizeof range, "%" PRId64 "-%" PRId64, upload->start, upload->start + size - 1);
  enum ctd_verdict verdict =
      ctd_registry_ask(upload->registry, upload->http, upload->scope, &call, &response, attempt, err);
  if (verdict == CTD_VERDICT_DONE) {
    int64_t end = range_end(&response);
    attempt->progress = true;
    upload->offset = end > upload->start && end <= upload->start + size ? end : upload->start + size;
    verdict = upload_locate(upload, &response, attempt, err);
  }
  ctd_http_response_free(&response);
  return upload_judge(upload, verdict, attempt);
}

/* Ends the upload, with all bytes that the host doesn't have in the same request. */
static enum ctd_verdict upload_put(struct upload *upload, struct ctd_attempt *attempt, struct ctd_error *err) {
  bool empty = upload->offset == upload->blob->size;
  char *location = ctd_format(err, "%s%cdigest=%s", upload->location, strchr(upload->location, '?') ? '&' : '?',
                              upload->blob->digest);
  const struct ctd_registry_call call = {.host = upload->host,
                                         .method = "PUT",
                                         .location = location,
                                         .content_type = OCTETS,
                                         .body = empty ? "" : NULL,
                                         .source = empty ? NULL : upload_read,
                                         .source_context = upload,
                                         .source_size = upload->blob->size - upload->offset};
  struct ctd_http_response response;
  if (!location)
    return CTD_VERDICT_STOP;
  upload->start = upload->offset;
  enum ctd_verdict verdict =
      ctd_registry_ask(upload->registry, upload->http, upload->scope, &call, &response, attempt, err);
  if (verdict == CTD_VERDICT_DONE)
    upload_finish(upload, CTD_UPLOAD_DONE);
  ctd_http_response_free(&response);
  free(location);
  return upload_judge(upload, verdict, attempt);
}

static enum ctd_verdict upload_send(struct upload *upload, struct ctd_attempt *attempt, struct ctd_error *err) {
  int64_t chunk = upload->blob->chunk_size;
  bool whole = !chunk && !upload->offset;
  if (!upload->location)
    return ctd_attempt_note(attempt, CTD_VERDICT_NEXT, CTD_DATA_LOSS, "doesn't say where to upload to");
  upload->begun = true;
  while (!whole && upload->offset < upload->blob->size) {
    int64_t left = upload->blob->size - upload->offset;
    enum ctd_verdict verdict = upload_patch(upload, chunk && chunk < left ? chunk : left, attempt, err);
    if (verdict != CTD_VERDICT_DONE)
      return verdict;
  }
  return upload_put(upload, attempt, err);
}

static enum ctd_verdict upload_ask(void *context, size_t index, struct ctd_attempt *attempt, struct ctd_error *err) {
  struct upload *upload = context;
  enum ctd_verdict verdict = CTD_VERDICT_DONE;
  (void)index;
  if (upload->location)
    verdict = upload_status(upload, attempt, err);
  if (verdict == CTD_VERDICT_DONE && !upload->location)
    verdict = upload_check(upload, attempt, err);
  if (verdict == CTD_VERDICT_DONE && !upload->finished && !upload->location)
    verdict = upload_start(upload, attempt, err);
  if (verdict == CTD_VERDICT_DONE && !upload->finished)
    verdict = upload_send(upload, attempt, err);
  return verdict;
}

/* Lets the host forget an upload that won't go on. It would do so by itself, days later. */
static void upload_cancel(struct upload *upload) {
  const struct ctd_registry_call call = {.host = upload->host, .method = "DELETE", .location = upload->location};
  struct ctd_http_response response;
  struct ctd_attempt attempt = {0};
  struct ctd_error ignored = {0};
  struct ctd_scope scope;
  ctd_scope_init(&scope, CANCEL_TIMEOUT);
  ctd_registry_ask(upload->registry, upload->http, &scope, &call, &response, &attempt, &ignored);
  ctd_http_response_free(&response);
  ctd_error_clear(&ignored);
  free(attempt.url);
}

int ctd_registry_upload(struct ctd_registry *registry, struct ctd_http *http, struct ctd_scope *scope,
                        const struct ctd_upload *blob, enum ctd_upload_result *result, struct ctd_error *err) {
  struct upload upload = {.registry = registry, .http = http, .scope = scope, .blob = blob, .mount = blob->mount};
  char *what = ctd_format(err, "push %s of %s", blob->digest, registry->name);
  if (!what)
    return -1;
  int done = ctd_push_run(registry, scope, what, &upload.host, upload_ask, &upload, err);
  *result = upload.result;
  if (done && upload.location)
    upload_cancel(&upload);
  free(upload.location);
  free(what);
  return done;
}
