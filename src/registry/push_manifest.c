#include "registry/push.h"

#include "registry/push_host.h"
#include <stdlib.h>
#include <string.h>

int ctd_push_run(struct ctd_registry *registry, struct ctd_scope *scope, const char *what, size_t *host,
                 ctd_attempt_fn ask, void *context, struct ctd_error *err) {
  struct ctd_attempts attempts = {0};
  size_t first = 0;
  while (first < registry->hosts.count && !(registry->hosts.items[first].capabilities & CTD_HOST_PUSH))
    first++;
  if (first == registry->hosts.count)
    return ctd_error_set(err, CTD_FAILED_PRECONDITION, "%s: no host is configured that may be pushed to", what);
  if (ctd_attempts_new(&attempts, 1, err) < 0)
    return -1;
  *host = first;
  attempts.items[0].host = registry->hosts.items[first].authority;
  int result = ctd_attempts_run(&attempts, registry->retries, what, scope, ask, context, err);
  ctd_attempts_free(&attempts);
  return result;
}

struct put {
  struct ctd_registry *registry;
  struct ctd_http *http;
  struct ctd_scope *scope;
  const struct ctd_upload_manifest *manifest;
  size_t host;
  char *path;
  bool existed;
};

/* Whether it's there under that name; DONE either way. */
static enum ctd_verdict put_check(struct put *put, struct ctd_attempt *attempt, struct ctd_error *err) {
  const struct ctd_registry_call call = {
      .host = put->host, .method = "HEAD", .path = put->path, .accept = put->manifest->media_type};
  struct ctd_http_response response;
  enum ctd_verdict verdict = ctd_registry_ask(put->registry, put->http, put->scope, &call, &response, attempt, err);
  if (verdict == CTD_VERDICT_DONE) {
    const char *digest = ctd_http_header(&response, "docker-content-digest", NULL);
    put->existed = digest ? !strcmp(digest, put->manifest->digest) : !put->manifest->tag;
  } else if (verdict == CTD_VERDICT_NEXT && attempt->status == 404) {
    verdict = CTD_VERDICT_DONE;
  }
  ctd_http_response_free(&response);
  return verdict;
}

static enum ctd_verdict put_ask(void *context, size_t index, struct ctd_attempt *attempt, struct ctd_error *err) {
  struct put *put = context;
  const struct ctd_upload_manifest *manifest = put->manifest;
  const struct ctd_registry_call call = {.host = put->host,
                                         .method = "PUT",
                                         .path = put->path,
                                         .content_type = manifest->media_type,
                                         .body = manifest->data,
                                         .body_size = manifest->size};
  struct ctd_http_response response;
  (void)index;
  enum ctd_verdict verdict = put_check(put, attempt, err);
  if (verdict != CTD_VERDICT_DONE || put->existed)
    return verdict;
  verdict = ctd_registry_ask(put->registry, put->http, put->scope, &call, &response, attempt, err);
  ctd_http_response_free(&response);
  return verdict;
}

int ctd_registry_put_manifest(struct ctd_registry *registry, struct ctd_http *http, struct ctd_scope *scope,
                              const struct ctd_upload_manifest *manifest, bool *existed, struct ctd_error *err) {
  struct put put = {.registry = registry, .http = http, .scope = scope, .manifest = manifest};
  char *what = ctd_format(err, "push %s of %s", manifest->digest, registry->name);
  int result = -1;
  put.path = ctd_format(err, "/manifests/%s", manifest->tag ? manifest->tag : manifest->digest);
  if (what && put.path)
    result = ctd_push_run(registry, scope, what, &put.host, put_ask, &put, err);
  *existed = put.existed;
  free(put.path);
  free(what);
  return result;
}
