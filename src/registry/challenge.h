/* How a server wants to be authenticated to (WWW-Authenticate, RFC 9110 section 11.6.1). */
#ifndef CTD_REGISTRY_CHALLENGE_H
#define CTD_REGISTRY_CHALLENGE_H

#include "registry/http.h"

enum ctd_challenge_scheme { CTD_CHALLENGE_NONE, CTD_CHALLENGE_BASIC, CTD_CHALLENGE_BEARER };

struct ctd_challenge {
  enum ctd_challenge_scheme scheme;
  char *realm, *service, *scope; /* owned; NULL where absent */
};

/* The best challenge of one header's value: bearer, basic, or none that we know. The caller frees *out. */
int ctd_challenge_parse(struct ctd_challenge *out, const char *header, struct ctd_error *err);

/* The best challenge of all headers of an answer. */
int ctd_challenge_choose(struct ctd_challenge *out, const struct ctd_http_response *response, struct ctd_error *err);

void ctd_challenge_free(struct ctd_challenge *challenge);

#endif
