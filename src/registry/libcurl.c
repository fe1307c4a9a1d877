#include "registry/libcurl.h"

struct ctd_libcurl ctd_libcurl;

static const struct ctd_library_symbol symbols[] = {CTD_LIBCURL_FUNCTIONS(CTD_LIBRARY_SYMBOL)};
static struct ctd_library library = CTD_LIBRARY("libcurl.so.4", symbols);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode started;

static void libcurl_start(void) {
  started = curl_global_init(CURL_GLOBAL_DEFAULT);
}

int ctd_libcurl_load(struct ctd_error *err) {
  if (ctd_library_load(&library, err) < 0)
    return -1;
  pthread_once(&once, libcurl_start);
  if (started == CURLE_OK)
    return 0;
  return ctd_error_set(err, CTD_UNAVAILABLE, "libcurl doesn't start: %s", curl_easy_strerror(started));
}
