/*
 * Which hosts serve a registry's images, in the order in which they are tried, read from <hosts_dir>/<host>/hosts.toml
 * (https://github.com/containerd/containerd/blob/main/docs/hosts.md).
 */
#ifndef CTD_REGISTRY_HOSTS_H
#define CTD_REGISTRY_HOSTS_H

#include "registry/http_tls.h"
#include "registry/options.h"

enum ctd_host_capability {
  CTD_HOST_PULL = 1,
  CTD_HOST_RESOLVE = 2,
  CTD_HOST_PUSH = 4,
  CTD_HOST_REFERRERS = 8,
};

struct ctd_host {
  char *base;      /* where the API is, without a slash at the end: "https://registry-1.docker.io/v2" */
  char *alternate; /* the same in the other scheme, for a server that turns out to speak that one; or NULL */
  char *authority; /* "registry-1.docker.io", "localhost:5000" */
  unsigned capabilities;
  bool mirror;         /* neither the registry nor its `server`: it gets none of the registry's own credentials */
  bool proxy;          /* has another name than the registry, which it is told with ?ns= */
  double dial_timeout; /* seconds; 0: the default */
  struct ctd_http_tls tls;
  struct ctd_host_header *headers; /* of [header], in their order */
  size_t header_count;
};

struct ctd_host_header {
  char *name, *value; /* owned */
};

struct ctd_hosts {
  struct ctd_host *items;
  size_t count;
};

/*
 * The hosts of `registry` ("docker.io", "localhost:5000"): those of the first of <hosts_dir>/<host>_<port>_/,
 * <host>:<port>/ and _default/ that exists, and the registry itself (or `server`) last. Without a hosts.toml there, the
 * files x.crt there are trusted and x.cert is shown with x.key. `hosts_dir` may be NULL.
 *
 * Stricter than containerd, which logs a hosts.toml that it can't read and goes on without: here it is an error,
 * CTD_INVALID_ARGUMENT, that names the file and, for a fault of syntax, the line. For a registry that serves only what
 * it is meant to serve, going on elsewhere is worse than stopping.
 */
int ctd_hosts_load(struct ctd_hosts *out, const char *registry, const char *hosts_dir, enum ctd_plain_http plain_http,
                   struct ctd_error *err);

/* Whether one of these directories exists. `hosts_dir` may be NULL. */
int ctd_hosts_are_configured(bool *out, const char *registry, const char *hosts_dir, struct ctd_error *err);

void ctd_hosts_free(struct ctd_hosts *hosts);

/* Adds an empty host at the end; NULL and *err when memory is short. It is borrowed until the next is added. */
struct ctd_host *ctd_hosts_add(struct ctd_hosts *hosts, struct ctd_error *err);

/* Sets authority, base (<scheme>://<authority><path>) and, where `ambiguous`, the alternate. All are copied. */
int ctd_host_set_address(struct ctd_host *host, const char *scheme, const char *authority, const char *path,
                         bool ambiguous, struct ctd_error *err);

/* Trusts the certificates of a PEM file. Errors name the file. */
int ctd_host_trust_file(struct ctd_host *host, const char *path, struct ctd_error *err);

/* Shows the certificate `cert` with `key`, PEM files that must be readable. */
int ctd_host_identify(struct ctd_host *host, const char *cert, const char *key, struct ctd_error *err);

#endif
