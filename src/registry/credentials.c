#include "registry/credentials.h"

#include <stdlib.h>
#include <string.h>

void ctd_secret_free(char *secret) {
  if (secret)
    explicit_bzero(secret, strlen(secret));
  free(secret);
}

void ctd_credentials_free(struct ctd_credentials *credentials) {
  free(credentials->username);
  ctd_secret_free(credentials->password);
  ctd_secret_free(credentials->identity_token);
  *credentials = (struct ctd_credentials){0};
}
