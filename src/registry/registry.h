/* Inside of struct ctd_registry (registry/fetch.h): one request to one of its hosts. */
#ifndef CTD_REGISTRY_REGISTRY_H
#define CTD_REGISTRY_REGISTRY_H

#include "registry/attempts.h"
#include "registry/fetch.h"
#include "registry/sources.h"
#include <stdatomic.h>

/* What was learnt of a host; any thread writes it. */
struct ctd_registry_host {
  atomic_int speaks;  /* enum registry_speaks, in registry.c */
  atomic_bool silent; /* it didn't answer when last asked */
};

struct ctd_registry {
  char *domain, *repository, *name;
  struct ctd_hosts hosts;
  struct ctd_registry_host *learnt; /* one per host */
  struct ctd_auth *auth;
  struct ctd_sources sources;
  int retries;
  double idle_timeout;
};

/* A GET. All borrowed. */
struct ctd_registry_call {
  size_t host;
  const char *path;   /* below the repository: "/manifests/latest" */
  const char *url;    /* an address of its own, instead of host and path; without any authentication */
  const char *accept; /* NULL: anything */
  int64_t from;       /* first byte wanted */
  ctd_http_sink sink; /* as in struct ctd_http_request */
  void *context;
  size_t limit;
};

/*
 * Sends the request, authenticating where the host asks for it. CTD_VERDICT_DONE: `response` is a complete 2xx answer.
 * Otherwise the attempt has the reason, or *err for ENDED and STOP, which an error of the sink is. The caller frees the
 * response either way.
 */
enum ctd_verdict ctd_registry_ask(struct ctd_registry *registry, struct ctd_http *http, struct ctd_scope *scope,
                                  const struct ctd_registry_call *call, struct ctd_http_response *response,
                                  struct ctd_attempt *attempt, struct ctd_error *err);

/* The media types that are served as manifests, for an Accept header. */
#define CTD_MANIFEST_TYPES                                                                                             \
  "application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json, "  \
  "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, */*"

#endif
