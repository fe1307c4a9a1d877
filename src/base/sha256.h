/* SHA-256 (OpenSSL) as OCI digests: "sha256:" and 64 lower-case hex digits. */
#ifndef CTD_BASE_SHA256_H
#define CTD_BASE_SHA256_H

#include "base/error.h"
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CTD_DIGEST_SIZE 72 /* with the NUL */

struct ctd_sha256; /* a digest being computed */

int ctd_sha256_new(struct ctd_sha256 **out, struct ctd_error *err);
int ctd_sha256_update(struct ctd_sha256 *sha, const void *data, size_t size, struct ctd_error *err);
int ctd_sha256_digest(struct ctd_sha256 *sha, char out[CTD_DIGEST_SIZE], struct ctd_error *err); /* once */
void ctd_sha256_free(struct ctd_sha256 *sha);                                                    /* NULL is fine */

int ctd_sha256_of(const void *data, size_t size, char out[CTD_DIGEST_SIZE], struct ctd_error *err);

/* Whether it's a well-formed sha256, sha384 or sha512 digest string. */
bool ctd_digest_valid(const char *digest);

#ifdef __cplusplus
}
#endif

#endif
