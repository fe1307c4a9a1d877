/* Bearer tokens (https://distribution.github.io/distribution/spec/auth/token/, …/auth/oauth/). */
#ifndef CTD_REGISTRY_TOKEN_H
#define CTD_REGISTRY_TOKEN_H

#include "registry/challenge.h"
#include "registry/credentials.h"

struct ctd_token {
  char *value;    /* owned */
  double expires; /* monotonic; a little before the server's own time */
};

struct ctd_token_request {
  const char *realm, *service; /* of the challenge; service may be NULL */
  const char *scope;           /* separated by spaces */
  const struct ctd_credentials *credentials;
  const char *registry_url; /* where the challenge came from */
};

/*
 * Asks the realm for a token: with credentials by OAuth's POST, and by GET where the server doesn't know that; without
 * by GET. Credentials go to https addresses, to loopback, and to the plain HTTP host that the challenge came from;
 * anywhere else it's CTD_PERMISSION_DENIED. The server's refusal is its code with its HTTP status. The caller frees
 * *out.
 */
int ctd_token_get(struct ctd_token *out, struct ctd_http *http, struct ctd_scope *scope,
                  const struct ctd_token_request *request, struct ctd_error *err);

void ctd_token_free(struct ctd_token *token);

/* The value of an Authorization header for basic authentication; NULL and *err when memory is short. */
char *ctd_basic_authorization(const char *username, const char *password, struct ctd_error *err);

#endif
