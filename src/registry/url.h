/* http and https addresses (libcurl's URL parser). */
#ifndef CTD_REGISTRY_URL_H
#define CTD_REGISTRY_URL_H

#include "base/error.h"

/* All owned. */
struct ctd_url {
  char *scheme;    /* "http" or "https" */
  char *host;      /* an IPv6 address stands in brackets */
  char *port;      /* always set, to the scheme's own if the address has none */
  char *authority; /* host, and ":port" where the address gives one */
  char *path;      /* without the query; without slashes at the end */
};

/* Another scheme, user names and what isn't an absolute address are CTD_INVALID_ARGUMENT. The caller frees *out. */
int ctd_url_parse(struct ctd_url *out, const char *text, struct ctd_error *err);
void ctd_url_free(struct ctd_url *url);

/* The address that `reference`, absolute or relative, names when met at `base`. The caller frees *out. */
int ctd_url_join(char **out, const char *base, const char *reference, struct ctd_error *err);

/* Same scheme, host and port. */
bool ctd_url_same_origin(const struct ctd_url *a, const struct ctd_url *b);

/* Whether a host ("localhost", "127.0.0.1:5000", "[::1]:443") is this machine by its name alone; nothing is looked up.
 */
bool ctd_authority_is_loopback(const char *authority);

#endif
