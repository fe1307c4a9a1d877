/*
 * Streams beside other calls (containerd.services.streaming.v1): the daemon and its client send each other messages on
 * them while a call that names them is under way. Bytes travel within a window, as much as their receiver has asked
 * for.
 */
#ifndef CTD_CLIENT_STREAMING_H
#define CTD_CLIENT_STREAMING_H

#include "client/client.h"
#include "client/content_ingest.h"
#include "client/sink.h"
#include <protobuf-c/protobuf-c.h>

/* One thread at a time. */
struct ctd_streaming;

/*
 * Opens a stream of the client's, which the daemon knows when this returns. `purpose` is a literal for its id. All that
 * it does ends with the scope, which is borrowed. The caller frees *out.
 */
int ctd_streaming_open(struct ctd_streaming **out, struct ctd_client *client, const char *purpose,
                       struct ctd_scope *scope, struct ctd_error *err);

/* Ends the stream, with whatever is under way on it. NULL is fine. */
void ctd_streaming_free(struct ctd_streaming *streaming);

const char *ctd_streaming_id(const struct ctd_streaming *streaming); /* borrowed */

/* Whether what failed was the stream, and not the source, the sink or whatever else a message was for. */
bool ctd_streaming_is_broken(const struct ctd_streaming *streaming);

int ctd_streaming_send(struct ctd_streaming *streaming, const ProtobufCMessage *message, struct ctd_error *err);

/* The next message of this type, others are skipped; NULL at the end. The caller frees *out as an unpacked message. */
int ctd_streaming_receive(struct ctd_streaming *streaming, const ProtobufCMessageDescriptor *type,
                          ProtobufCMessage **out, struct ctd_error *err);

/* Sends all that the source gives, and their end. */
int ctd_streaming_send_bytes(struct ctd_streaming *streaming, const struct ctd_source *source, struct ctd_error *err);

/* Writes all bytes until the daemon ends the stream. */
int ctd_streaming_receive_bytes(struct ctd_streaming *streaming, const struct ctd_sink *sink, struct ctd_error *err);

#endif
