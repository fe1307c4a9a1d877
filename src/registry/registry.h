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

/* A request. All borrowed. */
struct ctd_registry_call {
  size_t host;
  const char *method;   /* NULL: GET */
  const char *path;     /* below the repository: "/manifests/latest" */
  const char *url;      /* an address of its own, instead of host and path; without any authentication */
  const char *location; /* an address that the host gave, instead of path; elsewhere it is asked as a `url` is */
  const char *accept;   /* NULL: anything */
  const char *content_type, *content_range; /* of the body; NULL: not said */
  const void *body;                         /* NULL: none */
  size_t body_size;
  ctd_http_source source; /* gives the body instead, as in struct ctd_http_request */
  void *source_context;
  int64_t source_size;
  int64_t from, to;   /* the bytes wanted; `to` is behind the last, 0: to the end */
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
