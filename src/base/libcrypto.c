#include "base/libcrypto.h"

_Static_assert(OPENSSL_VERSION_MAJOR == 3, "the file below has another interface");

struct ctd_libcrypto ctd_libcrypto;

static const struct ctd_library_symbol symbols[] = {CTD_LIBCRYPTO_FUNCTIONS(CTD_LIBRARY_SYMBOL)};
static struct ctd_library library = CTD_LIBRARY("libcrypto.so.3", symbols);

int ctd_libcrypto_load(struct ctd_error *err) {
  return ctd_library_load(&library, err);
}
