#include "registry/auth.h"

#include "registry/challenge.h"
#include "registry/docker_config.h"
#include "registry/token.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* What is known of one host. */
struct auth_entry {
  char *authorization; /* the header's value, or NULL */
  double expires;      /* monotonic */
  bool asked;          /* whether `credentials` is what the sources have */
  struct ctd_credentials credentials;
};

struct ctd_auth {
  pthread_mutex_t lock; /* also held while a token is fetched, for the others would only fetch the same */
  const struct ctd_hosts *hosts;
  char *scope;
  struct ctd_credentials own;
  ctd_credentials_fn credentials;
  void *context;
  bool docker_config;
  struct auth_entry *entries; /* one per host */
};

static void entry_forget(struct auth_entry *entry) {
  ctd_secret_free(entry->authorization);
  entry->authorization = NULL;
}

void ctd_auth_free(struct ctd_auth *auth) {
  if (!auth)
    return;
  for (size_t i = 0; auth->entries && i < auth->hosts->count; i++) {
    entry_forget(&auth->entries[i]);
    ctd_credentials_free(&auth->entries[i].credentials);
  }
  free(auth->entries);
  free(auth->scope);
  ctd_credentials_free(&auth->own);
  pthread_mutex_destroy(&auth->lock);
  free(auth);
}

int ctd_auth_new(struct ctd_auth **out, const struct ctd_hosts *hosts, const char *scope,
                 const struct ctd_auth_options *options, struct ctd_error *err) {
  *out = NULL;
  struct ctd_auth *auth = calloc(1, sizeof *auth);
  if (!auth)
    return ctd_error_nomem(err);
  pthread_mutex_init(&auth->lock, NULL);
  auth->hosts = hosts;
  auth->credentials = options->credentials;
  auth->context = options->credentials_context;
  auth->docker_config = options->docker_config;
  auth->entries = calloc(hosts->count, sizeof *auth->entries);
  if (!auth->entries)
    ctd_error_nomem(err);
  if (!auth->entries || ctd_copy_string(&auth->scope, scope, err) < 0 ||
      ctd_copy_string(&auth->own.username, options->username, err) < 0 ||
      ctd_copy_string(&auth->own.password, options->password, err) < 0 ||
      ctd_copy_string(&auth->own.identity_token, options->identity_token, err) < 0) {
    ctd_auth_free(auth);
    return -1;
  }
  *out = auth;
  return 0;
}

int ctd_auth_get(struct ctd_auth *auth, size_t host, char **out, struct ctd_error *err) {
  struct auth_entry *entry = &auth->entries[host];
  *out = NULL;
  pthread_mutex_lock(&auth->lock);
  int result = 0;
  if (entry->authorization && ctd_now_monotonic() < entry->expires)
    result = ctd_copy_string(out, entry->authorization, err);
  pthread_mutex_unlock(&auth->lock);
  return result;
}

static bool credentials_present(const struct ctd_credentials *credentials) {
  return credentials->username || credentials->identity_token;
}

/* Users know Docker's registry by the name that images have. */
static const char *host_name(const char *authority) {
  return strcmp(authority, "registry-1.docker.io") == 0 ? "docker.io" : authority;
}

int ctd_auth_find(const struct ctd_auth_options *options, const char *authority, bool own, struct ctd_scope *scope,
                  struct ctd_credentials *out, struct ctd_error *err) {
  const char *host = host_name(authority);
  if (own && (options->username || options->identity_token)) {
    if (ctd_copy_string(&out->username, options->username, err) < 0 ||
        ctd_copy_string(&out->password, options->password, err) < 0)
      return -1;
    return ctd_copy_string(&out->identity_token, options->identity_token, err);
  }
  if (options->credentials && options->credentials(options->credentials_context, host, scope, out, err) < 0)
    return -1;
  if (options->docker_config && !credentials_present(out))
    return ctd_docker_config_get(host, scope, out, err);
  return 0;
}

static int credentials_find(const struct ctd_auth *auth, const struct ctd_host *host, struct ctd_scope *scope,
                            struct ctd_credentials *out, struct ctd_error *err) {
  const struct ctd_auth_options options = {.username = auth->own.username,
                                           .password = auth->own.password,
                                           .identity_token = auth->own.identity_token,
                                           .credentials = auth->credentials,
                                           .credentials_context = auth->context,
                                           .docker_config = auth->docker_config};
  return ctd_auth_find(&options, host->authority, !host->mirror, scope, out, err);
}

static int entry_ask(struct ctd_auth *auth, size_t host, struct ctd_scope *scope, struct ctd_error *err) {
  struct auth_entry *entry = &auth->entries[host];
  if (entry->asked)
    return 0;
  if (credentials_find(auth, &auth->hosts->items[host], scope, &entry->credentials, err) < 0) {
    ctd_credentials_free(&entry->credentials);
    return -1;
  }
  entry->asked = true;
  return 0;
}

static int entry_use_basic(struct auth_entry *entry, const char *used, struct ctd_error *err) {
  const struct ctd_credentials *credentials = &entry->credentials;
  if (!credentials->username || !credentials->password)
    return ctd_error_set(err, CTD_UNAUTHENTICATED, "it asks for a user name and password, and there are none for it");
  char *authorization = ctd_basic_authorization(credentials->username, credentials->password, err);
  if (!authorization)
    return -1;
  if (used && strcmp(used, authorization) == 0) {
    ctd_secret_free(authorization);
    return ctd_error_set(err, CTD_UNAUTHENTICATED, "it refuses the user name or password");
  }
  entry_forget(entry);
  entry->authorization = authorization;
  entry->expires = INFINITY;
  return 0;
}

/* The scopes that the server names and the one that we need, each once. */
static char *scope_join(const char *named, const char *needed, struct ctd_error *err) {
  size_t length = strlen(needed);
  for (const char *at = named; at && *at; at += strcspn(at, " "), at += strspn(at, " ")) {
    if (strncmp(at, needed, length) == 0 && (at[length] == ' ' || !at[length]))
      return ctd_format(err, "%s", named);
  }
  return named && *named ? ctd_format(err, "%s %s", named, needed) : ctd_format(err, "%s", needed);
}

static int entry_use_bearer(struct ctd_auth *auth, struct auth_entry *entry, struct ctd_http *http,
                            struct ctd_scope *scope, const char *url, const struct ctd_challenge *challenge,
                            struct ctd_error *err) {
  if (!challenge->realm)
    return ctd_error_set(err, CTD_UNAUTHENTICATED, "it asks for a token and doesn't say where to get one");
  char *scopes = scope_join(challenge->scope, auth->scope, err);
  struct ctd_token token = {0};
  const struct ctd_token_request request = {.realm = challenge->realm,
                                            .service = challenge->service,
                                            .scope = scopes,
                                            .credentials = &entry->credentials,
                                            .registry_url = url};
  int result = scopes ? ctd_token_get(&token, http, scope, &request, err) : -1;
  if (result == 0) {
    char *authorization = ctd_format(err, "Bearer %s", token.value);
    result = authorization ? 0 : -1;
    entry_forget(entry);
    entry->authorization = authorization;
    entry->expires = token.expires;
  }
  ctd_token_free(&token);
  free(scopes);
  return result;
}

static int entry_answer(struct ctd_auth *auth, size_t host, struct ctd_http *http, struct ctd_scope *scope,
                        const char *url, const struct ctd_http_response *response, const char *used,
                        struct ctd_error *err) {
  struct auth_entry *entry = &auth->entries[host];
  struct ctd_challenge challenge;
  if (ctd_challenge_choose(&challenge, response, err) < 0 || entry_ask(auth, host, scope, err) < 0) {
    ctd_challenge_free(&challenge);
    return -1;
  }
  int result;
  switch (challenge.scheme) {
  case CTD_CHALLENGE_BEARER:
    result = entry_use_bearer(auth, entry, http, scope, url, &challenge, err);
    break;
  case CTD_CHALLENGE_BASIC:
    result = entry_use_basic(entry, used, err);
    break;
  default:
    result = ctd_error_set(err, CTD_UNAUTHENTICATED, "it asks for no kind of authentication that is known here");
  }
  ctd_challenge_free(&challenge);
  return result;
}

int ctd_auth_answer(struct ctd_auth *auth, struct ctd_http *http, struct ctd_scope *scope, size_t host, const char *url,
                    const struct ctd_http_response *response, const char *used, char **out, struct ctd_error *err) {
  struct auth_entry *entry = &auth->entries[host];
  *out = NULL;
  pthread_mutex_lock(&auth->lock);
  /* Another thread may have answered the same challenge since our request was sent. */
  bool renewed = entry->authorization && (!used || strcmp(used, entry->authorization) != 0) &&
                 ctd_now_monotonic() < entry->expires;
  int result = renewed ? 0 : entry_answer(auth, host, http, scope, url, response, used, err);
  if (result == 0)
    result = ctd_copy_string(out, entry->authorization, err);
  pthread_mutex_unlock(&auth->lock);
  return result;
}
