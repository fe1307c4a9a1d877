/*
 * Authentication to the hosts of one repository: what each of them asked for, and the tokens got for that. Shared by
 * all threads of a pull; each host's token is fetched once and again shortly before it expires.
 */
#ifndef CTD_REGISTRY_AUTH_H
#define CTD_REGISTRY_AUTH_H

#include "registry/hosts.h"
#include "registry/http.h"
#include "registry/options.h"

struct ctd_auth;

/* `hosts` is borrowed; `scope` is what tokens are asked for, "repository:library/redis:pull". */
int ctd_auth_new(struct ctd_auth **out, const struct ctd_hosts *hosts, const char *scope,
                 const struct ctd_auth_options *options, struct ctd_error *err);
void ctd_auth_free(struct ctd_auth *auth); /* NULL is fine */

/* The Authorization header's value for a host as far as one is known; *out is NULL where not. The caller frees it. */
int ctd_auth_get(struct ctd_auth *auth, size_t host, char **out, struct ctd_error *err);

/*
 * Answers the challenge of a 401 that `host` gave at `url` to a request with the Authorization `used` (NULL: none):
 * *out is the value to try next, which the caller frees. CTD_UNAUTHENTICATED where there is nothing better to show.
 */
int ctd_auth_answer(struct ctd_auth *auth, struct ctd_http *http, struct ctd_scope *scope, size_t host, const char *url,
                    const struct ctd_http_response *response, const char *used, char **out, struct ctd_error *err);

/*
 * The credentials for a host, "registry-1.docker.io" or "localhost:5000"; without any 0 and *out as it was, zeroed.
 * `own`: it's the registry itself and none of its mirrors. The caller frees *out, also on failure.
 */
int ctd_auth_find(const struct ctd_auth_options *options, const char *authority, bool own, struct ctd_scope *scope,
                  struct ctd_credentials *out, struct ctd_error *err);

#endif
