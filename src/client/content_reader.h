/* Reading a blob piece by piece, from any place on. */
#ifndef CTD_CLIENT_CONTENT_READER_H
#define CTD_CLIENT_CONTENT_READER_H

#include "base/buffer.h"
#include "client/client.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Shared by reference; one thread at a time reads. */
struct ctd_content_reader;

/* Asks the daemon for the blob's size. The caller unrefs *out. */
int ctd_content_reader_open(struct ctd_content_reader **out, struct ctd_client *client, const char *digest,
                            struct ctd_scope *scope, struct ctd_error *err);

struct ctd_content_reader *ctd_content_reader_ref(struct ctd_content_reader *reader);
void ctd_content_reader_unref(struct ctd_content_reader *reader); /* NULL is fine */

/* Borrowed from the reader. */
struct ctd_client *ctd_content_reader_client(const struct ctd_content_reader *reader);
const char *ctd_content_reader_digest(const struct ctd_content_reader *reader);
int64_t ctd_content_reader_size(const struct ctd_content_reader *reader);

/* Where the next bytes come from; behind the end there are none. */
int64_t ctd_content_reader_position(const struct ctd_content_reader *reader);
void ctd_content_reader_seek(struct ctd_content_reader *reader, int64_t position);

/*
 * Appends what the daemon sends next, at most a message of it, or sets *ended. What isn't asked for holds the daemon
 * back. It may be called again after its scope has ended, and nothing is lost by that. CTD_PENDING: nothing has come
 * yet, in a nowait scope.
 */
int ctd_content_reader_read(struct ctd_content_reader *reader, struct ctd_buffer *out, bool *ended,
                            struct ctd_scope *scope, struct ctd_error *err);

/*
 * While a read is pending: has `notify` called, once, on a thread of the library, when it can go on; false: that can't
 * be told. It must not block nor use the reader. NULL: not any more; when this returns it isn't running either.
 */
bool ctd_content_reader_watch(struct ctd_content_reader *reader, void (*notify)(void *), void *context);

#ifdef __cplusplus
}
#endif

#endif
