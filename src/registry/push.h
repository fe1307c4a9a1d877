/*
 * Pushing to a registry: blobs by monolithic or chunked uploads that go on where they were cut, or mounted from another
 * repository, and manifests (https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#push).
 *
 * The registry is opened with `push` set. Of its hosts only the first that may be pushed to is asked: what an image
 * consists of has to be in one place. Errors, retries and details are those of registry/fetch.h.
 */
#ifndef CTD_REGISTRY_PUSH_H
#define CTD_REGISTRY_PUSH_H

#include "registry/fetch.h"

/* A blob to be there. All borrowed. */
struct ctd_upload {
  const char *digest;
  int64_t size;
  ctd_http_source read; /* gives its bytes from any offset on; an error of it is returned as it is */
  void *context;
  const char *mount;  /* a repository of the registry that may have it too; NULL: none is known */
  int64_t chunk_size; /* bytes of one request; 0: all at once */
};

enum ctd_upload_result {
  CTD_UPLOAD_EXISTS,  /* it was there */
  CTD_UPLOAD_MOUNTED, /* it is, from the other repository */
  CTD_UPLOAD_DONE,
};

/* An upload that fails or is cancelled is given up with DELETE, for which the host has two seconds. */
int ctd_registry_upload(struct ctd_registry *registry, struct ctd_http *http, struct ctd_scope *scope,
                        const struct ctd_upload *upload, enum ctd_upload_result *result, struct ctd_error *err);

/* A manifest or index, whose blobs are there already. All borrowed. */
struct ctd_upload_manifest {
  const char *media_type, *digest;
  const char *tag; /* names it from now on; NULL: it has only its digest */
  const void *data;
  size_t size;
};

/* *existed: nothing was to be done. */
int ctd_registry_put_manifest(struct ctd_registry *registry, struct ctd_http *http, struct ctd_scope *scope,
                              const struct ctd_upload_manifest *manifest, bool *existed, struct ctd_error *err);

#endif
