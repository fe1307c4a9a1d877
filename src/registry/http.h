/*
 * HTTP requests (libcurl). A session belongs to one thread; it keeps its connections, DNS answers and TLS sessions from
 * one request to the next. Only http and https are spoken. Proxies come from the environment (http_proxy, HTTP_PROXY,
 * HTTPS_PROXY, ALL_PROXY, NO_PROXY) and are never used for loopback.
 */
#ifndef CTD_REGISTRY_HTTP_H
#define CTD_REGISTRY_HTTP_H

#include "base/buffer.h"
#include "base/clock.h"

struct ctd_http;
struct ctd_http_tls;

int ctd_http_open(struct ctd_http **out, struct ctd_error *err);
void ctd_http_close(struct ctd_http *http); /* NULL is fine */

/* The value may not hold line breaks. */
struct ctd_http_header {
  const char *name, *value;
  bool origin_only; /* not repeated to another origin (scheme, host or port) after a redirect: secrets */
};

/* Why a request has no complete answer. */
enum ctd_http_fault {
  CTD_HTTP_COMPLETE,
  CTD_HTTP_REFUSED,  /* nothing listens there: CTD_CONNECTION_REFUSED */
  CTD_HTTP_UNKNOWN,  /* the name has no address: CTD_UNAVAILABLE */
  CTD_HTTP_NOT_HTTP, /* the peer speaks another protocol (TLS instead of plain text or the reverse): CTD_UNAVAILABLE */
  CTD_HTTP_TLS,      /* the certificate isn't trusted: CTD_UNAVAILABLE */
  CTD_HTTP_CUT,      /* timeout of connecting, stall, reset, short body: CTD_UNAVAILABLE */
  CTD_HTTP_INVALID,  /* bad address, refused redirect, body over the limit, no memory: other codes */
  CTD_HTTP_SINK,     /* the sink's or the source's error */
  CTD_HTTP_SCOPE,    /* CTD_DEADLINE_EXCEEDED or CTD_CANCELLED */
};

struct ctd_http_response {
  int status; /* of the last answer; 0: none came */
  enum ctd_http_fault fault;
  bool redirected;           /* it came from another origin than the one asked */
  struct ctd_buffer headers; /* "name: value" lines of the last answer, names in lower case, each ended by NUL */
  struct ctd_buffer body;    /* what no sink took; the body of an error is cut at the limit */
};

/* Takes body bytes, which are libcurl's own buffer; −1 with *err ends the request. */
typedef int (*ctd_http_sink)(void *context, const struct ctd_http_response *response, const void *data, size_t size,
                             struct ctd_error *err);

/* Gives up to `size` bytes of a body, and at least one, from `offset` on; −1 with *err ends the request. */
typedef int (*ctd_http_source)(void *context, int64_t offset, void *data, size_t size, size_t *got,
                               struct ctd_error *err);

/* All borrowed for the time of the call. */
struct ctd_http_request {
  const char *method; /* "GET", "HEAD", "POST", "PUT", "PATCH" */
  const char *url;
  const struct ctd_http_header *headers;
  size_t header_count;
  const void *body; /* NULL: none */
  size_t body_size;
  ctd_http_source source; /* gives the body, of source_size bytes, instead; NULL: none */
  void *source_context;
  int64_t source_size;
  const struct ctd_http_tls *tls; /* see http_tls.h; NULL: the system's certificates */
  double dial_timeout;            /* seconds for connecting, TLS included; 0: 30 */
  double idle_timeout;            /* seconds without a byte; 0: 30 */
  double answer_timeout;          /* seconds that the answer may take once a body is sent; 0: idle_timeout */
  ctd_http_sink sink;             /* gets the body of a 2xx answer; NULL: it is kept in the response */
  void *context;
  size_t limit; /* of a body kept in the response: more is CTD_OUT_OF_RANGE; 0: 64 KiB */
};

/*
 * Sends one request and reads its answer, whatever the status; −1 with response->fault and *err when there is no
 * complete answer. Requests without a body follow up to 10 redirects; origin_only headers and the client certificate
 * aren't shown to another origin, and a redirect from https to http is refused. `response` is zeroed first; the caller
 * frees it either way.
 */
int ctd_http_perform(struct ctd_http *http, struct ctd_scope *scope, const struct ctd_http_request *request,
                     struct ctd_http_response *response, struct ctd_error *err);

/* The value of the header after `previous` with that name (lower case); NULL as `previous`: the first. NULL: no more.
 */
const char *ctd_http_header(const struct ctd_http_response *response, const char *name, const char *previous);

void ctd_http_response_free(struct ctd_http_response *response);

#endif
