/* Waiting for the next answer of a stream on behalf of an operation. */
#ifndef CTD_CLIENT_AWAIT_H
#define CTD_CLIENT_AWAIT_H

#include "rpc/stream.h"

/*
 * Waits until ctd_stream_receive returns at once; −1 when the scope is over, CTD_PENDING if it doesn't wait. Nothing is
 * lost by that.
 */
int ctd_await_answer(struct ctd_stream *stream, struct ctd_scope *scope, struct ctd_error *err);

/*
 * For who was told CTD_PENDING: has `notify` called, once, on a thread of the library, when the next answer or the end
 * is there; false: that can't be told, as when there's no stream. It must not block nor use the stream. NULL: not any
 * more; when this returns it isn't running either.
 */
bool ctd_await_watch(struct ctd_stream *stream, void (*notify)(void *), void *context);

#endif
