/* How registries are spoken to: what a pull and a push are told. */
#ifndef CTD_REGISTRY_OPTIONS_H
#define CTD_REGISTRY_OPTIONS_H

#include "registry/credentials.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Whether a registry named without a scheme is spoken to without TLS. */
enum ctd_plain_http {
  CTD_PLAIN_HTTP_LOOPBACK, /* only on loopback, and there TLS is tried where plain HTTP isn't understood */
  CTD_PLAIN_HTTP_ON,
  CTD_PLAIN_HTTP_OFF,
};

/* Where credentials come from, in this order; strings are copied. */
struct ctd_auth_options {
  const char *username, *password; /* for the registry, never sent to its mirrors; NULL: none */
  const char *identity_token;      /* the same, instead of a user name and password */
  ctd_credentials_fn credentials;  /* NULL: none */
  void *credentials_context;       /* borrowed */
  bool docker_config;
};

/* A zeroed struct means the defaults. All strings are copied. */
struct ctd_registry_options {
  const char *hosts_dir; /* with <host>/hosts.toml; NULL: none */
  enum ctd_plain_http plain_http;
  struct ctd_auth_options auth;
  bool push;                 /* tokens are for writing too, */
  const char *const *mounts; /* and for reading these repositories, to mount blobs from; NULL, or ended by NULL */
  int retries;               /* tries without progress after the first; 0: the default of 5; < 0: none */
  double idle_timeout;       /* seconds without a byte after which a transfer is stalled; 0: 30 */
};

#ifdef __cplusplus
}
#endif

#endif
