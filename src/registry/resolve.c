#include "registry/registry.h"

#include "base/json.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MANIFEST_LIMIT ((size_t)4 * 1048 * 1048) /* bytes; the limit that containerd has */

struct resolve {
  struct ctd_registry *registry;
  struct ctd_http *http;
  struct ctd_scope *scope;
  const size_t *hosts; /* which host each attempt is for */
  char *path;
  const char *digest; /* NULL: whatever the tag names */
  struct ctd_resolved *out;
};

void ctd_resolved_free(struct ctd_resolved *resolved) {
  free(resolved->media_type);
  ctd_buffer_free(&resolved->bytes);
  *resolved = (struct ctd_resolved){0};
}

static bool media_type_is_vague(const char *type) {
  static const char *const vague[] = {"", "text/plain", "application/json", "application/octet-stream"};
  for (size_t i = 0; i < sizeof vague / sizeof *vague; i++) {
    if (strcasecmp(type, vague[i]) == 0)
      return true;
  }
  return false;
}

/* What the manifest says of itself, for servers that say nothing useful; *out stays NULL where it doesn't either. */
static int media_type_from_bytes(char **out, const struct ctd_buffer *bytes, struct ctd_error *err) {
  json_t *manifest = json_loadb(bytes->data, bytes->size, 0, NULL);
  const char *type = json_string_value(json_object_get(manifest, "mediaType"));
  int result = 0;
  if (type)
    result = ctd_copy_string(out, type, err);
  else if (json_is_array(json_object_get(manifest, "manifests")))
    result = ctd_copy_string(out, "application/vnd.oci.image.index.v1+json", err);
  else if (json_is_object(json_object_get(manifest, "config")))
    result = ctd_copy_string(out, "application/vnd.oci.image.manifest.v1+json", err);
  json_decref(manifest);
  return result;
}

/* The type without its parameters. */
static int media_type_find(char **out, const struct ctd_http_response *response, struct ctd_error *err) {
  const char *header = ctd_http_header(response, "content-type", NULL);
  header = header ? header : "";
  char *type = ctd_format(err, "%.*s", (int)strcspn(header, "; \t"), header);
  if (!type)
    return -1;
  if (!media_type_is_vague(type)) {
    *out = type;
    return 0;
  }
  if (media_type_from_bytes(out, &response->body, err) < 0) {
    free(type);
    return -1;
  }
  if (*out)
    free(type);
  else
    *out = type;
  return 0;
}

/* Takes a good answer, if its bytes are what they are called. */
static enum ctd_verdict resolve_accept(const struct resolve *resolve, struct ctd_http_response *response,
                                       struct ctd_attempt *attempt, struct ctd_error *err) {
  struct ctd_resolved *out = resolve->out;
  const char *announced = ctd_http_header(response, "docker-content-digest", NULL);
  if (response->body.size == 0)
    return ctd_attempt_note(attempt, CTD_VERDICT_NEXT, CTD_DATA_LOSS, "sent an empty manifest");
  if (ctd_sha256_of(response->body.data, response->body.size, out->digest, err) < 0)
    return CTD_VERDICT_STOP;
  const char *expected = resolve->digest;
  if (!expected && announced && strncmp(announced, "sha256:", 7) == 0)
    expected = announced;
  if (expected && strcmp(expected, out->digest) != 0)
    return ctd_attempt_note(attempt, CTD_VERDICT_NEXT, CTD_DIGEST_MISMATCH, "sent %s as %s", out->digest, expected);
  if (media_type_find(&out->media_type, response, err) < 0)
    return CTD_VERDICT_STOP;
  out->bytes = response->body;
  response->body = (struct ctd_buffer){0};
  return CTD_VERDICT_DONE;
}

static enum ctd_verdict resolve_ask(void *context, size_t index, struct ctd_attempt *attempt, struct ctd_error *err) {
  struct resolve *resolve = context;
  const struct ctd_registry_call call = {
      .host = resolve->hosts[index], .path = resolve->path, .accept = CTD_MANIFEST_TYPES, .limit = MANIFEST_LIMIT};
  struct ctd_http_response response;
  enum ctd_verdict verdict =
      ctd_registry_ask(resolve->registry, resolve->http, resolve->scope, &call, &response, attempt, err);
  /* Where nothing has answered yet, a wrong name or port is likelier than a server that is about to come back. */
  if (verdict == CTD_VERDICT_AGAIN &&
      (response.fault == CTD_HTTP_REFUSED || response.fault == CTD_HTTP_UNKNOWN || response.fault == CTD_HTTP_NOT_HTTP))
    verdict = CTD_VERDICT_NEXT;
  if (verdict == CTD_VERDICT_DONE)
    verdict = resolve_accept(resolve, &response, attempt, err);
  ctd_http_response_free(&response);
  return verdict;
}

/* The hosts that may be asked: for a tag those trusted to resolve one. */
static int resolve_choose_hosts(const struct ctd_registry *registry, unsigned need, size_t **hosts,
                                struct ctd_attempts *attempts, struct ctd_error *err) {
  size_t count = 0;
  *hosts = calloc(registry->hosts.count, sizeof **hosts);
  if (!*hosts)
    return ctd_error_nomem(err);
  for (size_t i = 0; i < registry->hosts.count; i++) {
    if ((registry->hosts.items[i].capabilities & need) == need)
      (*hosts)[count++] = i;
  }
  if (count == 0)
    return ctd_error_set(err, CTD_FAILED_PRECONDITION, "resolve %s: no host is configured that may", registry->name);
  if (ctd_attempts_new(attempts, count, err) < 0)
    return -1;
  for (size_t i = 0; i < count; i++) {
    attempts->items[i].host = registry->hosts.items[(*hosts)[i]].authority;
    attempts->items[i].down = atomic_load(&registry->learnt[(*hosts)[i]].silent);
  }
  return 0;
}

int ctd_registry_resolve(struct ctd_registry *registry, struct ctd_http *http, struct ctd_scope *scope, const char *tag,
                         const char *digest, struct ctd_resolved *out, struct ctd_error *err) {
  struct ctd_attempts attempts = {0};
  size_t *hosts = NULL;
  char *what = NULL;
  struct resolve resolve = {.registry = registry, .http = http, .scope = scope, .digest = digest, .out = out};
  int result = -1;
  *out = (struct ctd_resolved){0};
  if (digest && (strncmp(digest, "sha256:", 7) != 0 || !ctd_digest_valid(digest)))
    return ctd_error_set(err, CTD_UNIMPLEMENTED, "resolve %s: only sha256 digests are supported", registry->name);
  if (resolve_choose_hosts(registry, digest ? CTD_HOST_PULL : CTD_HOST_PULL | CTD_HOST_RESOLVE, &hosts, &attempts,
                           err) < 0)
    goto out;
  resolve.hosts = hosts;
  resolve.path = ctd_format(err, "/manifests/%s", digest ? digest : tag);
  what = ctd_format(err, "resolve %s", registry->name);
  if (resolve.path && what)
    result = ctd_attempts_run(&attempts, registry->retries, what, scope, resolve_ask, &resolve, err);
out:
  ctd_attempts_free(&attempts);
  free(hosts);
  free(resolve.path);
  free(what);
  if (result < 0)
    ctd_resolved_free(out);
  return result;
}
