#include "registry/http_tls.h"

#include "registry/libcurl.h"
#include <stdio.h>
#include <stdlib.h>

int ctd_http_tls_add_pair(struct ctd_http_tls *tls, const char *cert, const char *key, struct ctd_error *err) {
  struct ctd_http_pair *pairs = realloc(tls->pairs, (tls->pair_count + 1) * sizeof *pairs);
  if (!pairs)
    return ctd_error_nomem(err);
  tls->pairs = pairs;
  struct ctd_http_pair *pair = &pairs[tls->pair_count];
  *pair = (struct ctd_http_pair){0};
  tls->pair_count++;
  return ctd_copy_string(&pair->cert, cert, err) < 0 || ctd_copy_string(&pair->key, key, err) < 0 ? -1 : 0;
}

void ctd_http_tls_free(struct ctd_http_tls *tls) {
  for (size_t i = 0; i < tls->pair_count; i++) {
    free(tls->pairs[i].cert);
    free(tls->pairs[i].key);
  }
  free(tls->pairs);
  ctd_buffer_free(&tls->ca);
  *tls = (struct ctd_http_tls){0};
}

/* The issuer of the first certificate in a PEM file, or NULL; the caller frees it. */
static X509_NAME *pair_issuer(const struct ctd_http_pair *pair) {
  FILE *file = fopen(pair->cert, "re");
  if (!file)
    return NULL;
  X509 *cert = PEM_read_X509(file, NULL, NULL, NULL);
  fclose(file);
  X509_NAME *issuer = cert ? X509_NAME_dup(X509_get_issuer_name(cert)) : NULL;
  X509_free(cert);
  return issuer;
}

/* A server that names no issuers accepts any. */
static bool pair_is_accepted(const struct ctd_http_pair *pair, const STACK_OF(X509_NAME) * accepted) {
  if (sk_X509_NAME_num(accepted) <= 0)
    return true;
  X509_NAME *issuer = pair_issuer(pair);
  bool found = false;
  for (int i = 0; issuer && !found && i < sk_X509_NAME_num(accepted); i++)
    found = X509_NAME_cmp(issuer, sk_X509_NAME_value(accepted, i)) == 0;
  X509_NAME_free(issuer);
  return found;
}

/*
 * OpenSSL asks which certificate to show, once the server has said whom it accepts. Certificates from an intermediate
 * issuer match nothing in that list, so that the first pair is the one to try where none fits.
 */
static int tls_choose_pair(SSL *ssl, void *argument) {
  const struct ctd_http_tls *tls = argument;
  const STACK_OF(X509_NAME) *accepted = SSL_get0_peer_CA_list(ssl);
  const struct ctd_http_pair *pair = &tls->pairs[0];
  for (size_t i = 0; i < tls->pair_count; i++) {
    if (pair_is_accepted(&tls->pairs[i], accepted)) {
      pair = &tls->pairs[i];
      break;
    }
  }
  return SSL_use_certificate_chain_file(ssl, pair->cert) == 1 &&
         SSL_use_PrivateKey_file(ssl, pair->key, SSL_FILETYPE_PEM) == 1;
}

static CURLcode tls_context_made(CURL *easy, void *context, void *tls) {
  (void)easy;
  SSL_CTX_set_cert_cb(context, tls_choose_pair, tls);
  return CURLE_OK;
}

static CURLcode tls_set(const struct ctd_http_tls *tls, bool identify, CURL *easy) {
  CURLcode code = CURLE_OK;
  if (tls->skip_verify) {
    code = curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    if (code == CURLE_OK)
      code = curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  if (code == CURLE_OK && tls->ca.size > 0) {
    /* The blob takes the place of the system's bundle; the system's directory stays in force beside it. */
    struct curl_blob blob = {.data = tls->ca.data, .len = tls->ca.size, .flags = CURL_BLOB_NOCOPY};
    code = curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
  }
  if (code == CURLE_OK && identify && tls->pair_count > 0) {
    code = curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, tls_context_made);
    if (code == CURLE_OK)
      code = curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, (void *)tls);
  }
  return code;
}

int ctd_http_tls_apply(const struct ctd_http_tls *tls, bool identify, CURL *easy, struct ctd_error *err) {
  CURLcode code = tls_set(tls, identify, easy);
  if (code == CURLE_OUT_OF_MEMORY)
    return ctd_error_nomem(err);
  return code == CURLE_OK ? 0 : ctd_error_set(err, CTD_UNIMPLEMENTED, "TLS settings: %s", curl_easy_strerror(code));
}
