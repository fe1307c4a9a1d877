#include "base/sha256.h"

#include "base/libcrypto.h"
#include <string.h>

/* struct ctd_sha256 is OpenSSL's context under our name. */
static EVP_MD_CTX *context(struct ctd_sha256 *sha) {
  return (EVP_MD_CTX *)sha;
}

int ctd_sha256_new(struct ctd_sha256 **out, struct ctd_error *err) {
  *out = NULL;
  if (ctd_libcrypto_load(err) < 0)
    return -1;
  EVP_MD_CTX *md = EVP_MD_CTX_new();
  if (!md || !EVP_DigestInit_ex(md, EVP_sha256(), NULL)) {
    EVP_MD_CTX_free(md);
    return ctd_error_nomem(err);
  }
  *out = (struct ctd_sha256 *)md;
  return 0;
}

int ctd_sha256_update(struct ctd_sha256 *sha, const void *data, size_t size, struct ctd_error *err) {
  return EVP_DigestUpdate(context(sha), data, size) ? 0 : ctd_error_nomem(err);
}

static void digest_format(const unsigned char hash[32], char out[CTD_DIGEST_SIZE]) {
  static const char hex[] = "0123456789abcdef";
  memcpy(out, "sha256:", 7);
  for (int i = 0; i < 32; i++) {
    out[7 + 2 * i] = hex[hash[i] >> 4];
    out[8 + 2 * i] = hex[hash[i] & 15];
  }
  out[71] = '\0';
}

int ctd_sha256_digest(struct ctd_sha256 *sha, char out[CTD_DIGEST_SIZE], struct ctd_error *err) {
  unsigned char hash[32];
  if (!EVP_DigestFinal_ex(context(sha), hash, NULL))
    return ctd_error_nomem(err);
  digest_format(hash, out);
  return 0;
}

void ctd_sha256_free(struct ctd_sha256 *sha) {
  if (sha)
    EVP_MD_CTX_free(context(sha));
}

int ctd_sha256_of(const void *data, size_t size, char out[CTD_DIGEST_SIZE], struct ctd_error *err) {
  unsigned char hash[32];
  if (ctd_libcrypto_load(err) < 0)
    return -1;
  if (!EVP_Digest(data, size, hash, NULL, EVP_sha256(), NULL))
    return ctd_error_nomem(err);
  digest_format(hash, out);
  return 0;
}

bool ctd_digest_valid(const char *digest) {
  static const struct {
    const char *prefix;
    size_t hex;
  } kinds[] = {{"sha256:", 64}, {"sha384:", 96}, {"sha512:", 128}};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    size_t start = strlen(kinds[i].prefix);
    if (!strncmp(digest, kinds[i].prefix, start))
      return strlen(digest + start) == kinds[i].hex && strspn(digest + start, "0123456789abcdef") == kinds[i].hex;
  }
  return false;
}
