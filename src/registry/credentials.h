/* A secret for a registry, and where to get one from. */
#ifndef CTD_REGISTRY_CREDENTIALS_H
#define CTD_REGISTRY_CREDENTIALS_H

#include "base/clock.h"

#ifdef __cplusplus
extern "C" {
#endif

/* All owned and NULL where absent; all NULL: there are no credentials, the registry is asked anonymously. */
struct ctd_credentials {
  char *username, *password;
  char *identity_token; /* an OAuth refresh token; then username and password aren't used */
};

/* Wipes and frees a string; NULL is fine. */
void ctd_secret_free(char *secret);

/* Wipes and frees the strings and zeroes the struct. */
void ctd_credentials_free(struct ctd_credentials *credentials);

/*
 * Gives the credentials for `host` ("docker.io", "localhost:5000"); none is not an error. May be called on any thread
 * that fetches, but never on two at once for one registry.
 */
typedef int (*ctd_credentials_fn)(void *context, const char *host, struct ctd_scope *scope,
                                  struct ctd_credentials *credentials, struct ctd_error *err);

#ifdef __cplusplus
}
#endif

#endif
