#include "client/libarchive.h"

_Static_assert(ARCHIVE_VERSION_NUMBER / 1000000 == 3, "the file below has another interface");

struct ctd_libarchive ctd_libarchive;

static const struct ctd_library_symbol symbols[] = {CTD_LIBARCHIVE_FUNCTIONS(CTD_LIBRARY_SYMBOL)};
static struct ctd_library library = CTD_LIBRARY("libarchive.so.13", symbols);

int ctd_libarchive_load(struct ctd_error *err) {
  return ctd_library_load(&library, err);
}
