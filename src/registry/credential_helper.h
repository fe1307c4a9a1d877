/* Docker's credential helpers: programs that keep secrets (https://github.com/docker/docker-credential-helpers). */
#ifndef CTD_REGISTRY_CREDENTIAL_HELPER_H
#define CTD_REGISTRY_CREDENTIAL_HELPER_H

#include "registry/credentials.h"

/*
 * Runs `docker-credential-<helper> get` with `server` on its standard input, without a shell, for at most 30 s. A
 * helper that knows nothing of the server gives no credentials and 0; one that isn't there or fails is
 * CTD_FAILED_PRECONDITION with its words. When this returns the program has ended or was killed, and has been reaped.
 */
int ctd_credential_helper_get(const char *helper, const char *server, struct ctd_scope *scope,
                              struct ctd_credentials *out, struct ctd_error *err);

#endif
