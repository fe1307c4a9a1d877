/*
 * A streaming call, driven by the thread that uses it: one at a time, or one that sends and one that receives. Answers
 * that come meanwhile are kept, so that messages can be sent ahead of the answers to earlier ones.
 */
#ifndef CTD_RPC_STREAM_H
#define CTD_RPC_STREAM_H

#include "base/buffer.h"
#include "base/clock.h"
#include "rpc/channel.h"
#include "rpc/pool.h"

struct ctd_stream;

/*
 * Opens the stream; `method` is a literal, `type` that of the answers. What it waits for ends with the scope, whose
 * deadline may be moved between two calls. The caller frees *out.
 */
int ctd_stream_open(struct ctd_stream **out, const struct ctd_target *target, const char *method,
                    const ProtobufCMessageDescriptor *type, struct ctd_scope *scope, struct ctd_error *err);

/*
 * Sends one message and returns when the transport has taken it. If the server has ended the call, fails with its
 * reason; answers from before that can still be received.
 */
int ctd_stream_send(struct ctd_stream *stream, const ProtobufCMessage *message, struct ctd_error *err);

/* The same, but it is `scope` that the sending ends with, and the whole call then: a message isn't sent by half. */
int ctd_stream_send_within(struct ctd_stream *stream, const ProtobufCMessage *message, const struct ctd_scope *scope,
                           struct ctd_error *err);

/* As ctd_stream_send, with one bytes field more, whose content is taken from where it is. */
int ctd_stream_send_data(struct ctd_stream *stream, const ProtobufCMessage *message, unsigned field, const void *data,
                         size_t size, struct ctd_error *err);

/* No more messages will be sent. Where that comes too late, whoever receives hears why. */
void ctd_stream_close_send(struct ctd_stream *stream);

/*
 * Waits at most `seconds` for the next answer or the end; whether it's there, so that ctd_stream_receive returns at
 * once. What isn't received holds the daemon back: no more than a window of 1 MiB and the message at hand is kept.
 */
bool ctd_stream_await(struct ctd_stream *stream, double seconds);

/*
 * Without waiting: `notify` is called once, on the poller's thread, when the next answer or the end is there, so that
 * ctd_stream_receive returns at once. Not while it is being watched already; after an unwatch `notify` isn't called
 * any more, and isn't running: it comes before the stream is freed. Not on the poller's thread.
 */
int ctd_stream_watch(struct ctd_stream *stream, void (*notify)(void *), void *context, struct ctd_error *err);
void ctd_stream_unwatch(struct ctd_stream *stream);

/* The next answer (the caller frees it with protobuf_c_message_free_unpacked), or *reply NULL at the end. */
int ctd_stream_receive(struct ctd_stream *stream, ProtobufCMessage **reply, struct ctd_error *err);

/* The same into a pool, where it lasts until that is reset. */
int ctd_stream_receive_in(struct ctd_stream *stream, struct ctd_pool *pool, ProtobufCMessage **reply,
                          struct ctd_error *err);

/* The same for an answer of which only a bytes field matters: appends its content; *ended says whether it's the end. */
int ctd_stream_receive_data(struct ctd_stream *stream, unsigned field, struct ctd_buffer *out, bool *ended,
                            struct ctd_error *err);

/* Cancels what is left of the call and frees it. NULL is fine; in a forked child it only leaks. */
void ctd_stream_free(struct ctd_stream *stream);

/* A request with a stream of answers: sends it and closes the sending side. */
int ctd_stream_request(struct ctd_stream **out, const struct ctd_target *target, const char *method,
                       const ProtobufCMessage *request, const ProtobufCMessageDescriptor *type, struct ctd_scope *scope,
                       struct ctd_error *err);

#endif
