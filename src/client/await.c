#include "client/await.h"

int ctd_await_answer(struct ctd_stream *stream, struct ctd_scope *scope, struct ctd_error *err) {
  while (!ctd_stream_await(stream, ctd_scope_slice(scope))) {
    int result = ctd_scope_may_wait(scope, err);
    if (result)
      return result;
  }
  return 0;
}

bool ctd_await_watch(struct ctd_stream *stream, void (*notify)(void *), void *context) {
  struct ctd_error ignored = {0};
  if (!stream)
    return false;
  if (!notify) {
    ctd_stream_unwatch(stream);
    return true;
  }
  int result = ctd_stream_watch(stream, notify, context, &ignored);
  ctd_error_clear(&ignored);
  return !result;
}
