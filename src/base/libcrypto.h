/*
 * OpenSSL's libcrypto, loaded when first needed. Files that include this call the functions by their own names, once
 * ctd_libcrypto_load has succeeded: whoever has a digest being computed needn't ask.
 */
#ifndef CTD_BASE_LIBCRYPTO_H
#define CTD_BASE_LIBCRYPTO_H

#include "base/library.h"
#include <openssl/evp.h>

#define CTD_LIBCRYPTO_FUNCTIONS(F)                                                                                     \
  F(EVP_DecodeBlock)                                                                                                   \
  F(EVP_Digest)                                                                                                        \
  F(EVP_DigestFinal_ex)                                                                                                \
  F(EVP_DigestInit_ex)                                                                                                 \
  F(EVP_DigestUpdate)                                                                                                  \
  F(EVP_EncodeBlock)                                                                                                   \
  F(EVP_MD_CTX_free)                                                                                                   \
  F(EVP_MD_CTX_new)                                                                                                    \
  F(EVP_sha256)

extern struct ctd_libcrypto { CTD_LIBCRYPTO_FUNCTIONS(CTD_LIBRARY_POINTER) } ctd_libcrypto;

/* As ctd_library_load. */
int ctd_libcrypto_load(struct ctd_error *err);

#define EVP_DecodeBlock ctd_libcrypto.EVP_DecodeBlock
#define EVP_Digest ctd_libcrypto.EVP_Digest
#define EVP_DigestFinal_ex ctd_libcrypto.EVP_DigestFinal_ex
#define EVP_DigestInit_ex ctd_libcrypto.EVP_DigestInit_ex
#define EVP_DigestUpdate ctd_libcrypto.EVP_DigestUpdate
#define EVP_EncodeBlock ctd_libcrypto.EVP_EncodeBlock
#define EVP_MD_CTX_free ctd_libcrypto.EVP_MD_CTX_free
#define EVP_MD_CTX_new ctd_libcrypto.EVP_MD_CTX_new
#define EVP_sha256 ctd_libcrypto.EVP_sha256

#endif
