/*
 * libcurl, and the OpenSSL with which it speaks TLS, loaded when first needed. Files that include this call the
 * functions by their own names, once ctd_libcurl_load has succeeded: whoever has a session (registry/http.h) needn't
 * ask.
 */
#ifndef CTD_REGISTRY_LIBCURL_H
#define CTD_REGISTRY_LIBCURL_H

#include "base/library.h"
#include <curl/curl.h>
#include <openssl/ssl.h>

#define CTD_LIBCURL_FUNCTIONS(F)                                                                                       \
  F(curl_easy_cleanup)                                                                                                 \
  F(curl_easy_escape)                                                                                                  \
  F(curl_easy_getinfo)                                                                                                 \
  F(curl_easy_init)                                                                                                    \
  F(curl_easy_reset)                                                                                                   \
  F(curl_easy_setopt)                                                                                                  \
  F(curl_easy_strerror)                                                                                                \
  F(curl_free)                                                                                                         \
  F(curl_getdate)                                                                                                      \
  F(curl_global_init)                                                                                                  \
  F(curl_multi_add_handle)                                                                                             \
  F(curl_multi_cleanup)                                                                                                \
  F(curl_multi_info_read)                                                                                              \
  F(curl_multi_init)                                                                                                   \
  F(curl_multi_perform)                                                                                                \
  F(curl_multi_poll)                                                                                                   \
  F(curl_multi_remove_handle)                                                                                          \
  F(curl_multi_strerror)                                                                                               \
  F(curl_slist_append)                                                                                                 \
  F(curl_slist_free_all)                                                                                               \
  F(curl_url)                                                                                                          \
  F(curl_url_cleanup)                                                                                                  \
  F(curl_url_get)                                                                                                      \
  F(curl_url_set)                                                                                                      \
  F(curl_url_strerror)                                                                                                 \
  F(OPENSSL_sk_num)                                                                                                    \
  F(OPENSSL_sk_value)                                                                                                  \
  F(PEM_read_X509)                                                                                                     \
  F(SSL_CTX_set_cert_cb)                                                                                               \
  F(SSL_get0_peer_CA_list)                                                                                             \
  F(SSL_use_PrivateKey_file)                                                                                           \
  F(SSL_use_certificate_chain_file)                                                                                    \
  F(X509_NAME_cmp)                                                                                                     \
  F(X509_NAME_dup)                                                                                                     \
  F(X509_NAME_free)                                                                                                    \
  F(X509_free)                                                                                                         \
  F(X509_get_issuer_name)

extern struct ctd_libcurl { CTD_LIBCURL_FUNCTIONS(CTD_LIBRARY_POINTER) } ctd_libcurl;

/*
 * As ctd_library_load: a libcurl that speaks TLS otherwise than with OpenSSL lacks symbols. One that doesn't start is
 * CTD_UNAVAILABLE.
 */
int ctd_libcurl_load(struct ctd_error *err);

/* What libcurl's header makes of these: checks of types, which go by the functions' own names. */
#undef curl_easy_getinfo
#undef curl_easy_setopt

#define curl_easy_cleanup ctd_libcurl.curl_easy_cleanup
#define curl_easy_escape ctd_libcurl.curl_easy_escape
#define curl_easy_getinfo ctd_libcurl.curl_easy_getinfo
#define curl_easy_init ctd_libcurl.curl_easy_init
#define curl_easy_reset ctd_libcurl.curl_easy_reset
#define curl_easy_setopt ctd_libcurl.curl_easy_setopt
#define curl_easy_strerror ctd_libcurl.curl_easy_strerror
#define curl_free ctd_libcurl.curl_free
#define curl_getdate ctd_libcurl.curl_getdate
#define curl_global_init ctd_libcurl.curl_global_init
#define curl_multi_add_handle ctd_libcurl.curl_multi_add_handle
#define curl_multi_cleanup ctd_libcurl.curl_multi_cleanup
#define curl_multi_info_read ctd_libcurl.curl_multi_info_read
#define curl_multi_init ctd_libcurl.curl_multi_init
#define curl_multi_perform ctd_libcurl.curl_multi_perform
#define curl_multi_poll ctd_libcurl.curl_multi_poll
#define curl_multi_remove_handle ctd_libcurl.curl_multi_remove_handle
#define curl_multi_strerror ctd_libcurl.curl_multi_strerror
#define curl_slist_append ctd_libcurl.curl_slist_append
#define curl_slist_free_all ctd_libcurl.curl_slist_free_all
#define curl_url ctd_libcurl.curl_url
#define curl_url_cleanup ctd_libcurl.curl_url_cleanup
#define curl_url_get ctd_libcurl.curl_url_get
#define curl_url_set ctd_libcurl.curl_url_set
#define curl_url_strerror ctd_libcurl.curl_url_strerror
#define OPENSSL_sk_num ctd_libcurl.OPENSSL_sk_num
#define OPENSSL_sk_value ctd_libcurl.OPENSSL_sk_value
#define PEM_read_X509 ctd_libcurl.PEM_read_X509
#define SSL_CTX_set_cert_cb ctd_libcurl.SSL_CTX_set_cert_cb
#define SSL_get0_peer_CA_list ctd_libcurl.SSL_get0_peer_CA_list
#define SSL_use_PrivateKey_file ctd_libcurl.SSL_use_PrivateKey_file
#define SSL_use_certificate_chain_file ctd_libcurl.SSL_use_certificate_chain_file
#define X509_NAME_cmp ctd_libcurl.X509_NAME_cmp
#define X509_NAME_dup ctd_libcurl.X509_NAME_dup
#define X509_NAME_free ctd_libcurl.X509_NAME_free
#define X509_free ctd_libcurl.X509_free
#define X509_get_issuer_name ctd_libcurl.X509_get_issuer_name

#endif
