#include "registry/token.h"

#include "base/json.h"
#include "base/libcrypto.h"
#include "registry/answer.h"
#include "registry/http_tls.h"
#include "registry/libcurl.h"
#include "registry/url.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CLIENT_ID "lua-containerd"
#define LIFETIME 60    /* seconds, where the server names none: the specification's default */
#define MARGIN_MAX 5.0 /* seconds by which a token is renewed early */
#define ANSWER_LIMIT (1 << 20)

void ctd_token_free(struct ctd_token *token) {
  ctd_secret_free(token->value);
  *token = (struct ctd_token){0};
}

char *ctd_basic_authorization(const char *username, const char *password, struct ctd_error *err) {
  if (ctd_libcrypto_load(err) < 0)
    return NULL;
  char *pair = ctd_format(err, "%s:%s", username, password);
  size_t length = pair ? strlen(pair) : 0;
  char *encoded = pair ? malloc(length / 3 * 4 + 5) : NULL, *out = NULL;
  if (encoded) {
    EVP_EncodeBlock((unsigned char *)encoded, (const unsigned char *)pair, (int)length);
    out = ctd_format(err, "Basic %s", encoded);
  } else {
    ctd_error_nomem(err);
  }
  ctd_secret_free(encoded);
  ctd_secret_free(pair);
  return out;
}

/* Adds "&name=value", escaped; a NULL value adds nothing. */
static int form_add(struct ctd_buffer *form, const char *name, const char *value, size_t size, struct ctd_error *err) {
  if (!value || size == 0)
    return 0;
  char *escaped = curl_easy_escape(NULL, value, (int)size);
  if (!escaped)
    return ctd_error_nomem(err);
  int result = ctd_buffer_printf(form, err, "%s%s=%s", form->size ? "&" : "", name, escaped);
  curl_free(escaped);
  return result;
}

static int form_add_string(struct ctd_buffer *form, const char *name, const char *value, struct ctd_error *err) {
  return form_add(form, name, value, value ? strlen(value) : 0, err);
}

static int token_read(struct ctd_token *out, const struct ctd_http_response *response, double asked,
                      struct ctd_error *err) {
  const char *value = NULL, *access_token = NULL;
  int64_t lifetime = 0;
  json_t *body = NULL;
  int result = -1;
  if (ctd_json_parse(&body, response->body.data ? response->body.data : "", response->body.size, "its answer", err) <
          0 ||
      ctd_json_string(body, "token", &value, err) < 0 ||
      ctd_json_string(body, "access_token", &access_token, err) < 0 ||
      ctd_json_int(body, "expires_in", &lifetime, LIFETIME, err) < 0)
    goto out;
  value = value && *value ? value : access_token;
  if (!value || !*value) {
    ctd_error_set(err, CTD_UNAUTHENTICATED, "its answer holds no token");
    goto out;
  }
  if (lifetime <= 0)
    lifetime = LIFETIME;
  out->expires = asked + (double)lifetime - fmin((double)lifetime / 10, MARGIN_MAX);
  result = ctd_copy_string(&out->value, value, err);
out:
  json_decref(body);
  return result;
}

/* Sends a request to the token server; a refusal is an error that carries the HTTP status. */
static int token_exchange(struct ctd_token *out, struct ctd_http *http, struct ctd_scope *scope,
                          const struct ctd_http_request *request, struct ctd_error *err) {
  struct ctd_http_response response;
  double asked = ctd_now_monotonic();
  int result = ctd_http_perform(http, scope, request, &response, err);
  if (result == 0 && response.status / 100 == 2) {
    result = token_read(out, &response, asked, err);
  } else if (result == 0) {
    char text[256];
    ctd_answer_text(&response, text, sizeof text);
    result = ctd_error_set(err, ctd_answer_code(response.status), "it answered %d%s%s", response.status,
                           *text ? ": " : "", text);
    err->status = response.status;
  }
  if (response.body.data)
    explicit_bzero(response.body.data, response.body.size);
  ctd_http_response_free(&response);
  return result;
}

static int token_post(struct ctd_token *out, struct ctd_http *http, struct ctd_scope *scope,
                      const struct ctd_token_request *request, struct ctd_error *err) {
  const struct ctd_credentials *credentials = request->credentials;
  const bool refresh = credentials->identity_token;
  struct ctd_buffer form = {0};
  int result = -1;
  if (form_add_string(&form, "grant_type", refresh ? "refresh_token" : "password", err) == 0 &&
      form_add_string(&form, "service", request->service, err) == 0 &&
      form_add_string(&form, "client_id", CLIENT_ID, err) == 0 &&
      form_add_string(&form, "scope", request->scope, err) == 0 &&
      form_add_string(&form, "refresh_token", credentials->identity_token, err) == 0 &&
      form_add_string(&form, "username", refresh ? NULL : credentials->username, err) == 0 &&
      form_add_string(&form, "password", refresh ? NULL : credentials->password, err) == 0) {
    const struct ctd_http_header header = {"Content-Type", "application/x-www-form-urlencoded", false};
    const struct ctd_http_request post = {.method = "POST",
                                          .url = request->realm,
                                          .headers = &header,
                                          .header_count = 1,
                                          .body = form.data,
                                          .body_size = form.size,
                                          .limit = ANSWER_LIMIT};
    result = token_exchange(out, http, scope, &post, err);
  }
  if (form.data)
    explicit_bzero(form.data, form.size);
  ctd_buffer_free(&form);
  return result;
}

/* Each scope is a parameter of its own. */
static int query_add_scopes(struct ctd_buffer *query, const char *scope, struct ctd_error *err) {
  for (const char *at = scope; at && *at; at += strspn(at, " ")) {
    size_t length = strcspn(at, " ");
    if (form_add(query, "scope", at, length, err) < 0)
      return -1;
    at += length;
  }
  return 0;
}

static int token_get(struct ctd_token *out, struct ctd_http *http, struct ctd_scope *scope,
                     const struct ctd_token_request *request, struct ctd_error *err) {
  const struct ctd_credentials *credentials = request->credentials;
  const bool named = credentials->username && credentials->password;
  struct ctd_buffer query = {0};
  char *url = NULL, *authorization = NULL;
  int result = -1;
  if (form_add_string(&query, "service", request->service, err) < 0 ||
      query_add_scopes(&query, request->scope, err) < 0 ||
      (named && form_add_string(&query, "account", credentials->username, err) < 0))
    goto out;
  url =
      ctd_format(err, "%s%s%s", request->realm, strchr(request->realm, '?') ? "&" : "?", query.data ? query.data : "");
  if (url && named)
    authorization = ctd_basic_authorization(credentials->username, credentials->password, err);
  if (!url || (named && !authorization))
    goto out;
  const struct ctd_http_header header = {"Authorization", authorization, true};
  const struct ctd_http_request get = {
      .method = "GET", .url = url, .headers = &header, .header_count = named, .limit = ANSWER_LIMIT};
  result = token_exchange(out, http, scope, &get, err);
out:
  ctd_buffer_free(&query);
  free(url);
  ctd_secret_free(authorization);
  return result;
}

static int realm_check(const struct ctd_token_request *request, struct ctd_error *err) {
  struct ctd_url realm = {0}, registry = {0};
  int result = -1;
  if (ctd_url_parse(&realm, request->realm, err) < 0 || ctd_url_parse(&registry, request->registry_url, err) < 0)
    goto out;
  bool exposed_anyway = strcmp(registry.scheme, "http") == 0 && strcmp(registry.host, realm.host) == 0;
  if (strcmp(realm.scheme, "https") == 0 || ctd_authority_is_loopback(realm.host) || exposed_anyway)
    result = 0;
  else
    ctd_error_set(err, CTD_PERMISSION_DENIED, "credentials aren't sent to it over plain HTTP");
out:
  ctd_url_free(&realm);
  ctd_url_free(&registry);
  return result;
}

/* Answers of token servers that don't know OAuth's POST; 401 is one of them with some. */
static bool status_means_no_post(int status) {
  return status == 400 || status == 401 || status == 404 || status == 405;
}

int ctd_token_get(struct ctd_token *out, struct ctd_http *http, struct ctd_scope *scope,
                  const struct ctd_token_request *request, struct ctd_error *err) {
  const struct ctd_credentials *credentials = request->credentials;
  const bool named = credentials->username && credentials->password;
  int result = 0;
  *out = (struct ctd_token){0};
  if (named || credentials->identity_token)
    result = realm_check(request, err);
  if (result == 0 && (named || credentials->identity_token)) {
    result = token_post(out, http, scope, request, err);
    if (result < 0 && named && status_means_no_post(err->status)) {
      ctd_error_clear(err);
      result = token_get(out, http, scope, request, err);
    }
  } else if (result == 0) {
    result = token_get(out, http, scope, request, err);
  }
  if (result < 0) {
    int status = err->status;
    ctd_error_prefix(err, "token server %.*s", (int)strcspn(request->realm, "?"), request->realm);
    err->status = status;
    ctd_token_free(out);
  }
  return result;
}
