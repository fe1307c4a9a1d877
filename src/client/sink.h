/* Where bytes go to. */
#ifndef CTD_CLIENT_SINK_H
#define CTD_CLIENT_SINK_H

#include "base/clock.h"
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* `write` takes all bytes, or it's an error. */
struct ctd_sink {
  int (*write)(void *context, const void *data, size_t size, struct ctd_scope *scope, struct ctd_error *err);
  void *context;
};

#ifdef __cplusplus
}
#endif

#endif
