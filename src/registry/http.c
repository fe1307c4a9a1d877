#include "registry/http.h"

#include "registry/http_tls.h"
#include "registry/libcurl.h"
#include "registry/url.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DIAL_TIMEOUT 30.0
#define IDLE_TIMEOUT 30.0
#define BODY_LIMIT 65536
#define HEADERS_LIMIT 262144
#define REDIRECTS 10
#define RECEIVE_BUFFER 262144L /* bytes; large, so that a fast link costs few calls of the sink */
#define USER_AGENT "lua-containerd"

struct ctd_http {
  CURLM *multi; /* holds the connections */
  CURL *easy;
};

/* One request and its answer, redirects apart: what libcurl's callbacks work on. */
struct exchange {
  struct ctd_http *http;
  struct ctd_scope *scope;
  const struct ctd_http_request *request;
  struct ctd_http_response *response;
  struct ctd_error *err;
  double active;  /* when the last byte came; INFINITY while connecting, which has a timeout of its own */
  int64_t sent;   /* bytes of the body that libcurl has taken from the source */
  bool failed;    /* a callback has set *err and response->fault */
  bool satisfied; /* a callback has ended the transfer, all is well */
  char text[CURL_ERROR_SIZE];
};

int ctd_http_open(struct ctd_http **out, struct ctd_error *err) {
  *out = NULL;
  if (ctd_libcurl_load(err) < 0)
    return -1;
  struct ctd_http *http = calloc(1, sizeof *http);
  if (!http)
    return ctd_error_nomem(err);
  http->multi = curl_multi_init();
  http->easy = curl_easy_init();
  if (!http->multi || !http->easy) {
    ctd_http_close(http);
    return ctd_error_nomem(err);
  }
  *out = http;
  return 0;
}

void ctd_http_close(struct ctd_http *http) {
  if (!http)
    return;
  curl_easy_cleanup(http->easy);
  curl_multi_cleanup(http->multi);
  free(http);
}

static int exchange_fail(struct exchange *exchange, enum ctd_http_fault fault) {
  exchange->failed = true;
  exchange->response->fault = fault;
  return -1;
}

static int exchange_connected(void *context, char *ip, char *local_ip, int port, int local_port) {
  (void)ip, (void)local_ip, (void)port, (void)local_port;
  struct exchange *exchange = context;
  exchange->active = ctd_now_monotonic();
  return CURL_PREREQFUNC_OK;
}

/* Headers of interim answers are dropped when the next status line comes. */
static int exchange_add_header(struct exchange *exchange, const char *line, size_t size) {
  struct ctd_buffer *headers = &exchange->response->headers;
  if (size >= 5 && memcmp(line, "HTTP/", 5) == 0)
    headers->size = 0;
  while (size > 0 && (line[size - 1] == '\r' || line[size - 1] == '\n'))
    size--;
  if (headers->size + size > HEADERS_LIMIT) {
    ctd_error_set(exchange->err, CTD_OUT_OF_RANGE, "the answer's headers are longer than %d bytes", HEADERS_LIMIT);
    return -1;
  }
  size_t start = headers->size;
  if (ctd_buffer_append(headers, line, size, exchange->err) < 0 || ctd_buffer_append(headers, "", 1, exchange->err) < 0)
    return -1;
  for (char *c = headers->data + start; *c && *c != ':'; c++)
    *c = (char)tolower((unsigned char)*c);
  return 0;
}

static size_t exchange_header(char *line, size_t unit, size_t count, void *context) {
  struct exchange *exchange = context;
  size_t size = unit * count;
  exchange->active = ctd_now_monotonic();
  if (exchange_add_header(exchange, line, size) < 0) {
    exchange_fail(exchange, CTD_HTTP_INVALID);
    return 0;
  }
  long status = 0;
  curl_easy_getinfo(exchange->http->easy, CURLINFO_RESPONSE_CODE, &status);
  exchange->response->status = (int)status;
  return size;
}

/* Keeps body bytes. What is over the limit fails a good answer, and merely ends the text of a bad one. */
static int exchange_keep(struct exchange *exchange, const char *data, size_t size, bool good) {
  struct ctd_buffer *body = &exchange->response->body;
  size_t limit = exchange->request->limit ? exchange->request->limit : BODY_LIMIT;
  size_t room = limit - body->size;
  if (size > room && good) {
    ctd_error_set(exchange->err, CTD_OUT_OF_RANGE, "the answer is longer than %zu bytes", limit);
    return exchange_fail(exchange, CTD_HTTP_INVALID);
  }
  if (ctd_buffer_append(body, data, size > room ? room : size, exchange->err) < 0)
    return exchange_fail(exchange, CTD_HTTP_INVALID);
  exchange->satisfied = size > room;
  return exchange->satisfied ? -1 : 0;
}

static size_t exchange_body(char *data, size_t unit, size_t count, void *context) {
  struct exchange *exchange = context;
  const struct ctd_http_request *request = exchange->request;
  size_t size = unit * count;
  bool good = exchange->response->status / 100 == 2;
  int result;
  if (good && request->sink) {
    result = request->sink(request->context, exchange->response, data, size, exchange->err);
    if (result < 0)
      exchange_fail(exchange, CTD_HTTP_SINK);
  } else {
    result = exchange_keep(exchange, data, size, good);
  }
  exchange->active = ctd_now_monotonic();
  return result < 0 ? 0 : size;
}

static size_t exchange_send(char *data, size_t unit, size_t count, void *context) {
  struct exchange *exchange = context;
  const struct ctd_http_request *request = exchange->request;
  int64_t left = request->source_size - exchange->sent;
  size_t room = unit * count, got = 0;
  if (!left)
    return 0;
  if ((int64_t)room > left)
    room = (size_t)left;
  if (request->source(request->source_context, exchange->sent, data, room, &got, exchange->err) < 0) {
    exchange_fail(exchange, CTD_HTTP_SINK);
    return CURL_READFUNC_ABORT;
  }
  exchange->sent += (int64_t)got;
  exchange->active = ctd_now_monotonic();
  return got;
}

/* libcurl starts again where a kept connection turns out to be dead. */
static int exchange_seek(void *context, curl_off_t offset, int origin) {
  struct exchange *exchange = context;
  if (origin != SEEK_SET)
    return CURL_SEEKFUNC_CANTSEEK;
  exchange->sent = offset;
  return CURL_SEEKFUNC_OK;
}

static int header_list_add(struct curl_slist **list, const struct ctd_http_header *header, struct ctd_error *err) {
  if (strpbrk(header->name, "\r\n:") || strpbrk(header->value, "\r\n"))
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "the header \"%s\" isn't one line", header->name);
  /* libcurl takes "Name:" as the wish to send none, and "Name;" as a header without a value. */
  char *line =
      *header->value ? ctd_format(err, "%s: %s", header->name, header->value) : ctd_format(err, "%s;", header->name);
  if (!line)
    return -1;
  struct curl_slist *longer = curl_slist_append(*list, line);
  free(line);
  if (!longer)
    return ctd_error_nomem(err);
  *list = longer;
  return 0;
}

static int header_list_make(struct curl_slist **list, const struct ctd_http_request *request, bool same_origin,
                            struct ctd_error *err) {
  for (size_t i = 0; i < request->header_count; i++) {
    const struct ctd_http_header *header = &request->headers[i];
    if ((same_origin || !header->origin_only) && header_list_add(list, header, err) < 0)
      return -1;
  }
  return 0;
}

/*
 * libcurl reads all of the environment's proxies but HTTP_PROXY, which a CGI program's client can set by a "Proxy:"
 * header. As in Go it counts where the process isn't one. Loopback is never reached through a proxy.
 */
static const char *exchange_proxy(const struct ctd_url *url) {
  if (ctd_authority_is_loopback(url->host))
    return "";
  if (strcmp(url->scheme, "http") == 0 && !getenv("http_proxy") && !getenv("REQUEST_METHOD"))
    return getenv("HTTP_PROXY");
  return NULL;
}

static CURLcode exchange_set_source(struct exchange *exchange) {
  CURL *easy = exchange->http->easy;
  curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(easy, CURLOPT_READFUNCTION, exchange_send);
  curl_easy_setopt(easy, CURLOPT_READDATA, exchange);
  curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, exchange_seek);
  curl_easy_setopt(easy, CURLOPT_SEEKDATA, exchange);
  return curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)exchange->request->source_size);
}

static CURLcode exchange_set_method(struct exchange *exchange) {
  CURL *easy = exchange->http->easy;
  const struct ctd_http_request *request = exchange->request;
  if (strcmp(request->method, "HEAD") == 0)
    return curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  CURLcode code = request->source ? exchange_set_source(exchange) : CURLE_OK;
  if (request->body) {
    code = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_size);
    if (code == CURLE_OK)
      code = curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
  }
  return code == CURLE_OK ? curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method) : code;
}

/* The options whose setting can't fail but for want of memory, which libcurl then reports when it performs. */
static void exchange_set_fixed(struct exchange *exchange) {
  CURL *easy = exchange->http->easy;
  double dial = exchange->request->dial_timeout > 0 ? exchange->request->dial_timeout : DIAL_TIMEOUT;
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* don't wait for a name server when cancelled */
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, RECEIVE_BUFFER);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(dial * 1000) + 1);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->text);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, exchange_connected);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, exchange);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, exchange_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, exchange_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
}

static int exchange_set_up(struct exchange *exchange, const char *text, const struct ctd_url *url, bool same_origin,
                           struct curl_slist *headers) {
  CURL *easy = exchange->http->easy;
  const char *proxy = exchange_proxy(url);
  curl_easy_reset(easy);
  exchange_set_fixed(exchange);
  CURLcode code = curl_easy_setopt(easy, CURLOPT_URL, text);
  if (code == CURLE_OK)
    code = curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  if (code == CURLE_OK)
    code = curl_easy_setopt(easy, CURLOPT_USERAGENT, USER_AGENT);
  if (code == CURLE_OK && proxy)
    code = curl_easy_setopt(easy, CURLOPT_PROXY, proxy);
  if (code == CURLE_OK)
    code = curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  if (code == CURLE_OK)
    code = exchange_set_method(exchange);
  if (code != CURLE_OK)
    return code == CURLE_OUT_OF_MEMORY
               ? ctd_error_nomem(exchange->err)
               : ctd_error_set(exchange->err, CTD_UNIMPLEMENTED, "libcurl: %s", curl_easy_strerror(code));
  const struct ctd_http_tls *tls = exchange->request->tls;
  return tls ? ctd_http_tls_apply(tls, same_origin, easy, exchange->err) : 0;
}

/* What the result of a transfer means, and *err for it. */
static enum ctd_http_fault exchange_classify(struct exchange *exchange, CURLcode code) {
  struct ctd_error *err = exchange->err;
  const char *text = exchange->text[0] ? exchange->text : curl_easy_strerror(code);
  long os_error = 0;
  switch (code) {
  case CURLE_OK:
    return CTD_HTTP_COMPLETE;
  case CURLE_OUT_OF_MEMORY: /* also what libcurl before 8.6 calls a header that is too long for it */
    if (exchange->response->headers.size)
      ctd_error_set(err, CTD_OUT_OF_RANGE, "a header of the answer is too long, or memory too short for it");
    else
      ctd_error_nomem(err);
    return CTD_HTTP_INVALID;
  case CURLE_URL_MALFORMAT:
    ctd_error_set(err, CTD_INVALID_ARGUMENT, "%s", text);
    return CTD_HTTP_INVALID;
  case CURLE_COULDNT_CONNECT:
    curl_easy_getinfo(exchange->http->easy, CURLINFO_OS_ERRNO, &os_error);
    if (os_error == ECONNREFUSED) {
      ctd_error_set(err, CTD_CONNECTION_REFUSED, "connection refused");
      return CTD_HTTP_REFUSED;
    }
    break;
  case CURLE_COULDNT_RESOLVE_HOST:
  case CURLE_COULDNT_RESOLVE_PROXY:
    ctd_error_set(err, CTD_UNAVAILABLE, "%s", text);
    return CTD_HTTP_UNKNOWN;
  case CURLE_SSL_CONNECT_ERROR:
  case CURLE_UNSUPPORTED_PROTOCOL:
  case CURLE_WEIRD_SERVER_REPLY:
    ctd_error_set(err, CTD_UNAVAILABLE, "%s", text);
    return CTD_HTTP_NOT_HTTP;
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_CERTPROBLEM:
  case CURLE_SSL_CACERT_BADFILE:
    ctd_error_set(err, CTD_UNAVAILABLE, "%s", text);
    return CTD_HTTP_TLS;
  default:
    break;
  }
  ctd_error_set(err, CTD_UNAVAILABLE, "%s", text);
  return CTD_HTTP_CUT;
}

/* How long nothing may come: a server may have much to do with a body before it answers. */
static double exchange_patience(const struct exchange *exchange) {
  const struct ctd_http_request *request = exchange->request;
  double idle = request->idle_timeout > 0 ? request->idle_timeout : IDLE_TIMEOUT;
  bool sent = !request->source || exchange->sent == request->source_size;
  return sent && request->answer_timeout > 0 ? request->answer_timeout : idle;
}

/* Whether the transfer may go on: the scope is alive and bytes flow. */
static int exchange_check(struct exchange *exchange) {
  double idle = exchange_patience(exchange);
  if (ctd_scope_check(exchange->scope, exchange->err) < 0)
    return exchange_fail(exchange, CTD_HTTP_SCOPE);
  if (ctd_now_monotonic() - exchange->active <= idle)
    return 0;
  ctd_error_set(exchange->err, CTD_UNAVAILABLE, "no byte came for %g s", idle);
  return exchange_fail(exchange, CTD_HTTP_CUT);
}

static void exchange_finish(struct exchange *exchange) {
  int left = 0;
  for (CURLMsg *message; (message = curl_multi_info_read(exchange->http->multi, &left));) {
    if (message->msg == CURLMSG_DONE && !exchange->failed && !exchange->satisfied)
      exchange->response->fault = exchange_classify(exchange, message->data.result);
  }
}

/*
 * Our own loop around the multi interface rather than curl_easy_perform, which looks up only once a second: a cancelled
 * operation should end at once.
 */
static void exchange_run(struct exchange *exchange) {
  CURLM *multi = exchange->http->multi;
  CURLMcode code = curl_multi_add_handle(multi, exchange->http->easy);
  int running = 1;
  while (code == CURLM_OK && running && exchange_check(exchange) == 0) {
    code = curl_multi_perform(multi, &running);
    if (code == CURLM_OK && running)
      code = curl_multi_poll(multi, NULL, 0, (int)(ctd_scope_slice(exchange->scope) * 1000) + 1, NULL);
  }
  if (code == CURLM_OK)
    exchange_finish(exchange);
  curl_multi_remove_handle(multi, exchange->http->easy);
  if (code != CURLM_OK) {
    ctd_error_set(exchange->err, code == CURLM_OUT_OF_MEMORY ? CTD_RESOURCE_EXHAUSTED : CTD_UNAVAILABLE, "libcurl: %s",
                  curl_multi_strerror(code));
    exchange_fail(exchange, CTD_HTTP_INVALID);
  }
}

/* One request at `text`; `origin` is where the first one went. */
static int exchange_perform(struct ctd_http *http, struct ctd_scope *scope, const struct ctd_http_request *request,
                            const char *text, const struct ctd_url *origin, struct ctd_http_response *response,
                            struct ctd_error *err) {
  struct exchange exchange = {
      .http = http, .scope = scope, .request = request, .response = response, .err = err, .active = INFINITY};
  struct curl_slist *headers = NULL;
  struct ctd_url url;
  response->fault = CTD_HTTP_INVALID;
  if (ctd_url_parse(&url, text, err) < 0)
    return -1;
  bool same_origin = ctd_url_same_origin(&url, origin);
  response->redirected = !same_origin;
  if (strcmp(origin->scheme, "https") == 0 && strcmp(url.scheme, "http") == 0) {
    ctd_error_set(err, CTD_PERMISSION_DENIED, "redirected from https to plain http at %s", url.authority);
  } else if (header_list_make(&headers, request, same_origin, err) == 0 &&
             exchange_set_up(&exchange, text, &url, same_origin, headers) == 0) {
    response->fault = CTD_HTTP_COMPLETE;
    exchange_run(&exchange);
  }
  curl_easy_reset(http->easy); /* which still points to this function's variables */
  curl_slist_free_all(headers);
  ctd_url_free(&url);
  return response->fault == CTD_HTTP_COMPLETE ? 0 : -1;
}

/* Where the answer sends us, or NULL. Only requests without a body are repeated elsewhere. */
static const char *response_target(const struct ctd_http_response *response, const struct ctd_http_request *request) {
  switch (response->status) {
  case 301:
  case 302:
  case 303:
  case 307:
  case 308:
    return request->body || request->source ? NULL : ctd_http_header(response, "location", NULL);
  default:
    return NULL;
  }
}

/* Goes from *text to where the answer sends us and forgets the answer. */
static int redirect_follow(char **text, const char *target, struct ctd_http_response *response, struct ctd_error *err) {
  char *next = NULL;
  int result = ctd_url_join(&next, *text, target, err);
  ctd_http_response_free(response);
  if (result < 0) {
    response->fault = CTD_HTTP_INVALID;
    return -1;
  }
  free(*text);
  *text = next;
  return 0;
}

int ctd_http_perform(struct ctd_http *http, struct ctd_scope *scope, const struct ctd_http_request *request,
                     struct ctd_http_response *response, struct ctd_error *err) {
  struct ctd_url origin = {0};
  char *text = NULL;
  int result = -1;
  *response = (struct ctd_http_response){.fault = CTD_HTTP_INVALID};
  if (ctd_url_parse(&origin, request->url, err) < 0 || ctd_copy_string(&text, request->url, err) < 0)
    goto out;
  for (int redirects = 0;; redirects++) {
    result = exchange_perform(http, scope, request, text, &origin, response, err);
    const char *target = result == 0 ? response_target(response, request) : NULL;
    if (!target)
      break;
    if (redirects == REDIRECTS) {
      response->fault = CTD_HTTP_INVALID;
      result = ctd_error_set(err, CTD_UNAVAILABLE, "more than %d redirects", REDIRECTS);
      break;
    }
    result = redirect_follow(&text, target, response, err);
    if (result < 0)
      break;
  }
out:
  ctd_url_free(&origin);
  free(text);
  return result;
}

const char *ctd_http_header(const struct ctd_http_response *response, const char *name, const char *previous) {
  const char *end = response->headers.data + response->headers.size;
  const char *line = previous ? previous + strlen(previous) + 1 : response->headers.data;
  size_t length = strlen(name);
  for (; line && line < end; line += strlen(line) + 1) {
    if (strncmp(line, name, length) == 0 && line[length] == ':')
      return line + length + 1 + strspn(line + length + 1, " \t");
  }
  return NULL;
}

void ctd_http_response_free(struct ctd_http_response *response) {
  ctd_buffer_free(&response->headers);
  ctd_buffer_free(&response->body);
  *response = (struct ctd_http_response){0};
}
