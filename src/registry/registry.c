#include "registry/registry.h"

#include "registry/answer.h"
#include "registry/libcurl.h"
#include "registry/url.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define RETRIES 5
#define ANSWER_TIMEOUT 300.0 /* seconds: registries move large blobs to their place before they answer */

/* Which of a host's two addresses is right. */
enum registry_speaks { SPEAKS_UNKNOWN, SPEAKS_BASE, SPEAKS_ALTERNATE };

/* The scope of the tokens that are asked for. */
static char *registry_scope(const char *repository, const struct ctd_registry_options *options, struct ctd_error *err) {
  struct ctd_buffer scope = {0};
  int result = ctd_buffer_printf(&scope, err, "repository:%s:%s", repository, options->push ? "pull,push" : "pull");
  for (const char *const *mount = options->mounts; !result && mount && *mount; mount++)
    result = ctd_buffer_printf(&scope, err, " repository:%s:pull", *mount);
  if (result)
    ctd_buffer_free(&scope);
  return scope.data;
}

int ctd_registry_open(struct ctd_registry **out, const char *domain, const char *repository, const char *name,
                      const struct ctd_registry_options *options, struct ctd_error *err) {
  *out = NULL;
  struct ctd_registry *registry = calloc(1, sizeof *registry);
  if (!registry)
    return ctd_error_nomem(err);
  ctd_sources_init(&registry->sources);
  registry->retries = options->retries == 0 ? RETRIES : options->retries < 0 ? 0 : options->retries;
  registry->idle_timeout = options->idle_timeout;
  char *scope = registry_scope(repository, options, err);
  int result = -1;
  if (!scope || ctd_copy_string(&registry->domain, domain, err) < 0 ||
      ctd_copy_string(&registry->repository, repository, err) < 0 || ctd_copy_string(&registry->name, name, err) < 0 ||
      ctd_hosts_load(&registry->hosts, domain, options->hosts_dir, options->plain_http, err) < 0 ||
      ctd_auth_new(&registry->auth, &registry->hosts, scope, &options->auth, err) < 0)
    goto out;
  registry->learnt = calloc(registry->hosts.count, sizeof *registry->learnt);
  result = registry->learnt ? 0 : ctd_error_nomem(err);
out:
  free(scope);
  if (result < 0)
    ctd_registry_close(registry);
  else
    *out = registry;
  return result;
}

void ctd_registry_close(struct ctd_registry *registry) {
  if (!registry)
    return;
  ctd_auth_free(registry->auth);
  ctd_hosts_free(&registry->hosts);
  ctd_sources_free(&registry->sources);
  free(registry->learnt);
  free(registry->domain);
  free(registry->repository);
  free(registry->name);
  free(registry);
}

/* A request under way. */
struct ask {
  struct ctd_registry *registry;
  struct ctd_http *http;
  struct ctd_scope *scope;
  const struct ctd_registry_call *call;
  const struct ctd_host *host;      /* NULL for an address of its own */
  struct ctd_registry_host *learnt; /* NULL likewise */
  struct ctd_http_response *response;
  bool alternate; /* sent to the host's other address */
  char *url, *authorization;
};

static int ask_make_url(struct ask *ask, struct ctd_error *err) {
  const struct ctd_registry *registry = ask->registry;
  free(ask->url);
  ask->url = NULL;
  const char *given = ask->call->url ? ask->call->url : ask->call->location;
  if (given || !ask->host)
    return ctd_copy_string(&ask->url, given, err);
  const char *base = ask->alternate ? ask->host->alternate : ask->host->base;
  char *domain = ask->host->proxy ? curl_easy_escape(NULL, registry->domain, 0) : NULL;
  if (ask->host->proxy && !domain)
    return ctd_error_nomem(err);
  const char *separator = strchr(ask->call->path, '?') ? "&ns=" : "?ns=";
  ask->url = ctd_format(err, "%s/%s%s%s%s", base, registry->repository, ask->call->path, domain ? separator : "",
                        domain ? domain : "");
  curl_free(domain);
  return ask->url ? 0 : -1;
}

/* A configured Authorization header gives way to what the host has asked for. */
static size_t ask_add_host_headers(const struct ask *ask, struct ctd_http_header *headers) {
  size_t count = 0;
  for (size_t i = 0; ask->host && i < ask->host->header_count; i++) {
    const struct ctd_host_header *header = &ask->host->headers[i];
    if (!ask->authorization || strcasecmp(header->name, "Authorization") != 0)
      headers[count++] = (struct ctd_http_header){header->name, header->value, true};
  }
  return count;
}

/* The value of a header Range; false: all is wanted. */
static bool range_format(const struct ctd_registry_call *call, char *out, size_t size) {
  if (call->to > 0)
    snprintf(out, size, "bytes=%lld-%lld", (long long)call->from, (long long)call->to - 1);
  else if (call->from > 0)
    snprintf(out, size, "bytes=%lld-", (long long)call->from);
  return call->from > 0 || call->to > 0;
}

static int ask_send(struct ask *ask, struct ctd_error *err) {
  const struct ctd_registry_call *call = ask->call;
  char range[64];
  ctd_http_response_free(ask->response);
  ask->response->fault = CTD_HTTP_INVALID; /* until the request is sent */
  if (ask_make_url(ask, err) < 0)
    return -1;
  struct ctd_http_header *headers = calloc(5 + (ask->host ? ask->host->header_count : 0), sizeof *headers);
  if (!headers)
    return ctd_error_nomem(err);
  size_t count = ask_add_host_headers(ask, headers);
  if (call->accept)
    headers[count++] = (struct ctd_http_header){"Accept", call->accept, false};
  if (range_format(call, range, sizeof range))
    headers[count++] = (struct ctd_http_header){"Range", range, false};
  if (call->content_type)
    headers[count++] = (struct ctd_http_header){"Content-Type", call->content_type, false};
  if (call->content_range)
    headers[count++] = (struct ctd_http_header){"Content-Range", call->content_range, false};
  if (ask->authorization)
    headers[count++] = (struct ctd_http_header){"Authorization", ask->authorization, true};
  const struct ctd_http_request request = {.method = call->method ? call->method : "GET",
                                           .url = ask->url,
                                           .headers = headers,
                                           .header_count = count,
                                           .body = call->body,
                                           .body_size = call->body_size,
                                           .source = call->source,
                                           .source_context = call->source_context,
                                           .source_size = call->source_size,
                                           .answer_timeout = call->body || call->source ? ANSWER_TIMEOUT : 0,
                                           .tls = ask->host ? &ask->host->tls : NULL,
                                           .dial_timeout = ask->host ? ask->host->dial_timeout : 0,
                                           .idle_timeout = ask->registry->idle_timeout,
                                           .sink = call->sink,
                                           .context = call->context,
                                           .limit = call->limit};
  int result = ctd_http_perform(ask->http, ask->scope, &request, ask->response, err);
  free(headers);
  return result;
}

/* TLS servers tell a client that speaks plain HTTP to them with a 400 and these words, if they answer at all. */
static bool answer_wants_tls(const struct ctd_http_response *response) {
  return response->status == 400 && response->body.data && strstr(response->body.data, "HTTPS");
}

/* Notes whether the host answers, and at which address it is to be asked from now on. */
static void ask_learn(const struct ask *ask) {
  enum ctd_http_fault fault = ask->response->fault;
  if (fault == CTD_HTTP_SCOPE || fault == CTD_HTTP_INVALID)
    return;
  atomic_store(&ask->learnt->silent, ask->response->status == 0);
  if (ask->response->status)
    atomic_store(&ask->learnt->speaks, ask->alternate ? SPEAKS_ALTERNATE : SPEAKS_BASE);
}

/* Whether the host, asked at its base for the first time, seems to speak the other protocol. */
static bool ask_suspects(const struct ask *ask) {
  if (!ask->host || !ask->host->alternate || ask->alternate || atomic_load(&ask->learnt->speaks) == SPEAKS_BASE)
    return false;
  enum ctd_http_fault fault = ask->response->fault;
  return fault == CTD_HTTP_NOT_HTTP || (fault == CTD_HTTP_COMPLETE && answer_wants_tls(ask->response));
}

/* Sends the request to the host's right address. */
static int ask_send_as_spoken(struct ask *ask, struct ctd_error *err) {
  ask->alternate = ask->host && atomic_load(&ask->learnt->speaks) == SPEAKS_ALTERNATE;
  int result = ask_send(ask, err);
  if (ask_suspects(ask)) {
    ask->alternate = true;
    result = ask_send(ask, err);
  }
  if (ask->host)
    ask_learn(ask);
  return result;
}

static enum ctd_verdict judge_fault(enum ctd_http_fault fault, struct ctd_attempt *attempt, struct ctd_error *err) {
  switch (fault) {
  case CTD_HTTP_SCOPE:
    return CTD_VERDICT_ENDED;
  case CTD_HTTP_SINK:
    return CTD_VERDICT_STOP;
  case CTD_HTTP_INVALID:
    if (err->code == CTD_RESOURCE_EXHAUSTED)
      return CTD_VERDICT_STOP;
    return ctd_attempt_note(attempt, CTD_VERDICT_NEXT, err->code, "%s", err->message);
  case CTD_HTTP_TLS:
    return ctd_attempt_note(attempt, CTD_VERDICT_NEXT, err->code, "%s", err->message);
  default:
    return ctd_attempt_note(attempt, CTD_VERDICT_AGAIN, err->code, "%s", err->message);
  }
}

static enum ctd_verdict judge_answer(const struct ctd_http_response *response, struct ctd_attempt *attempt) {
  char text[sizeof attempt->text];
  if (response->status / 100 == 2)
    return CTD_VERDICT_DONE;
  ctd_answer_text(response, text, sizeof text);
  attempt->retry_after = ctd_answer_retry_after(response);
  enum ctd_verdict verdict = ctd_answer_transient(response->status) ? CTD_VERDICT_AGAIN : CTD_VERDICT_NEXT;
  return ctd_attempt_note(attempt, verdict, ctd_answer_code(response->status), "%s", text);
}

/* What a failure to get credentials or a token means; want of memory has no status. */
static enum ctd_verdict judge_auth(struct ctd_attempt *attempt, struct ctd_error *err) {
  switch (err->code) {
  case CTD_DEADLINE_EXCEEDED:
  case CTD_CANCELLED:
    return CTD_VERDICT_ENDED;
  case CTD_RESOURCE_EXHAUSTED:
    if (err->status == 0)
      return CTD_VERDICT_STOP;
    return ctd_attempt_note(attempt, CTD_VERDICT_AGAIN, err->code, "%s", err->message);
  case CTD_UNAVAILABLE:
  case CTD_CONNECTION_REFUSED:
    return ctd_attempt_note(attempt, CTD_VERDICT_AGAIN, err->code, "%s", err->message);
  default:
    return ctd_attempt_note(attempt, CTD_VERDICT_NEXT, err->code, "%s", err->message);
  }
}

/* The address without its query, in which signatures stand. */
static int attempt_set_url(struct ctd_attempt *attempt, const char *url, struct ctd_error *err) {
  free(attempt->url);
  attempt->url = ctd_format(err, "%.*s", (int)strcspn(url, "?#"), url);
  return attempt->url ? 0 : -1;
}

/* Shows what the host asks for, once: what it then refuses it would refuse again. */
static enum ctd_verdict ask_authenticated(struct ask *ask, struct ctd_attempt *attempt, struct ctd_error *err) {
  if (ask->host && ctd_auth_get(ask->registry->auth, ask->call->host, &ask->authorization, err) < 0)
    return CTD_VERDICT_STOP;
  int result = ask_send_as_spoken(ask, err);
  if (result == 0 && ask->response->status == 401 && ask->host && !ask->response->redirected) {
    char *authorization = NULL;
    attempt->status = 401;
    if (ctd_auth_answer(ask->registry->auth, ask->http, ask->scope, ask->call->host, ask->url, ask->response,
                        ask->authorization, &authorization, err) < 0)
      return judge_auth(attempt, err);
    ctd_secret_free(ask->authorization);
    ask->authorization = authorization;
    result = ask_send_as_spoken(ask, err);
  }
  attempt->status = ask->response->status;
  return result < 0 ? judge_fault(ask->response->fault, attempt, err) : judge_answer(ask->response, attempt);
}

static int origin_is(const char *base, const struct ctd_url *url, bool *same, struct ctd_error *err) {
  struct ctd_url own;
  if (*same || !base)
    return 0;
  if (ctd_url_parse(&own, base, err) < 0)
    return -1;
  *same = ctd_url_same_origin(&own, url);
  ctd_url_free(&own);
  return 0;
}

/* Whether an address that the host gave is at the host, where its authentication may be shown. */
static int location_is_own(const struct ctd_host *host, const char *location, bool *own, struct ctd_error *err) {
  struct ctd_url url;
  *own = false;
  if (ctd_url_parse(&url, location, err) < 0)
    return -1;
  int result = origin_is(host->base, &url, own, err);
  if (result == 0)
    result = origin_is(host->alternate, &url, own, err);
  ctd_url_free(&url);
  return result;
}

enum ctd_verdict ctd_registry_ask(struct ctd_registry *registry, struct ctd_http *http, struct ctd_scope *scope,
                                  const struct ctd_registry_call *call, struct ctd_http_response *response,
                                  struct ctd_attempt *attempt, struct ctd_error *err) {
  struct ask ask = {.registry = registry, .http = http, .scope = scope, .call = call, .response = response};
  bool own = !call->url;
  *response = (struct ctd_http_response){0};
  if (call->location && location_is_own(&registry->hosts.items[call->host], call->location, &own, err) < 0)
    return CTD_VERDICT_STOP;
  if (own) {
    ask.host = &registry->hosts.items[call->host];
    ask.learnt = &registry->learnt[call->host];
  }
  enum ctd_verdict verdict = ask_authenticated(&ask, attempt, err);
  if (ask.url && attempt_set_url(attempt, ask.url, err) < 0)
    verdict = CTD_VERDICT_STOP;
  ctd_secret_free(ask.authorization);
  free(ask.url);
  return verdict;
}
