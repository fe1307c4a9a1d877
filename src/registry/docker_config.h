/* Docker's config.json as a source of credentials. */
#ifndef CTD_REGISTRY_DOCKER_CONFIG_H
#define CTD_REGISTRY_DOCKER_CONFIG_H

#include "registry/credentials.h"

/*
 * What $DOCKER_CONFIG/config.json, else ~/.docker/config.json, has for `host` ("docker.io", "localhost:5000"): from the
 * helper that `credHelpers` names for it, else from the one in `credsStore`, else from `auths`. No file or no entry: no
 * credentials, and 0. A file that can't be read is an error that names it. The caller frees *out.
 */
int ctd_docker_config_get(const char *host, struct ctd_scope *scope, struct ctd_credentials *out,
                          struct ctd_error *err);

#endif
