/* The TLS side of HTTP requests: whom to trust and what to show. */
#ifndef CTD_REGISTRY_HTTP_TLS_H
#define CTD_REGISTRY_HTTP_TLS_H

#include "base/buffer.h"
#include <curl/curl.h>

/* A client certificate, in PEM files. */
struct ctd_http_pair {
  char *cert, *key; /* paths, owned; the key may be in the certificate's file */
};

struct ctd_http_tls {
  struct ctd_buffer ca;        /* PEM certificates trusted besides the system's */
  struct ctd_http_pair *pairs; /* owned; shown is the first whose issuer the server accepts */
  size_t pair_count;
  bool skip_verify;
};

/* Adds a pair; both strings are copied. */
int ctd_http_tls_add_pair(struct ctd_http_tls *tls, const char *cert, const char *key, struct ctd_error *err);

void ctd_http_tls_free(struct ctd_http_tls *tls);

/* Configures the handle, which borrows `tls` until it is reset; `identify`: whether to show a client certificate. */
int ctd_http_tls_apply(const struct ctd_http_tls *tls, bool identify, CURL *easy, struct ctd_error *err);

#endif
