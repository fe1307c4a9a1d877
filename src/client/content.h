/* The content store: blobs by digest (containerd.services.content.v1). */
#ifndef CTD_CLIENT_CONTENT_H
#define CTD_CLIENT_CONTENT_H

#include "base/buffer.h"
#include "base/sha256.h"
#include "client/client.h"
#include "client/ingest.h"
#include "client/labels.h"

#ifdef __cplusplus
extern "C" {
#endif

struct Containerd__Services__Content__V1__Info;

struct ctd_content_info {
  char *digest;
  int64_t size;
  double created, updated; /* epoch */
  struct ctd_labels labels;
};

/* One RPC. The caller frees *out. */
int ctd_content_info(struct ctd_client *client, const char *digest, struct ctd_scope *scope,
                     struct ctd_content_info *out, struct ctd_error *err);
void ctd_content_info_free(struct ctd_content_info *info);

/* Fills *out from a message; NULL is CTD_DATA_LOSS. */
int ctd_content_info_make(struct ctd_content_info *out, const struct Containerd__Services__Content__V1__Info *message,
                          struct ctd_error *err);

/* Reads a blob of at most `limit` bytes whole (more is CTD_OUT_OF_RANGE). */
int ctd_content_read(struct ctd_client *client, const char *digest, size_t limit, struct ctd_scope *scope,
                     struct ctd_buffer *out, struct ctd_error *err);

/* Reads `size` bytes of it (0: all) from `offset` on; fewer at its end. An offset behind it is CTD_OUT_OF_RANGE. */
int ctd_content_read_part(struct ctd_client *client, const char *digest, int64_t offset, int64_t size, size_t limit,
                          struct ctd_scope *scope, struct ctd_buffer *out, struct ctd_error *err);

/* Sets these labels, removes those with an empty value, and tells what the blob is then. One RPC. */
int ctd_content_update(struct ctd_client *client, const char *digest, const struct ctd_labels *changes,
                       struct ctd_scope *scope, struct ctd_content_info *out, struct ctd_error *err);

/* One RPC. */
int ctd_content_delete(struct ctd_client *client, const char *digest, struct ctd_scope *scope, struct ctd_error *err);

/*
 * Sets these labels of a blob and leaves its others alone. A containerd.io/distribution.source.<host> label adds its
 * repository to those that the blob has already. What holds already isn't written again.
 */
int ctd_content_label(struct ctd_client *client, const char *digest, const struct ctd_labels *labels,
                      struct ctd_scope *scope, struct ctd_error *err);

/*
 * Writes a small blob in one message, with its labels. If the daemon has it already, that is success, and the labels
 * are set as by ctd_content_label.
 */
int ctd_content_put(struct ctd_client *client, const char *ref, const char *digest, const void *data, size_t size,
                    const struct ctd_labels *labels, struct ctd_scope *scope, struct ctd_error *err);

/* An ingest being written. One thread at a time, in the scope that it was opened in. */
struct ctd_content_writer;

/*
 * Opens the ingest `ref` for a blob of `size` bytes (0: not known) and `digest` (NULL: not known). *offset is what the
 * daemon already has of it: where writing goes on. If the blob is there already: 0 with *out NULL. A ref that another
 * client is writing is waited for.
 */
int ctd_content_open(struct ctd_client *client, const char *ref, const char *digest, int64_t size,
                     struct ctd_scope *scope, struct ctd_content_writer **out, int64_t *offset, struct ctd_error *err);

/* Appends bytes; up to four messages of 256 KiB travel ahead of the daemon's answers. */
int ctd_content_write(struct ctd_content_writer *writer, const void *data, size_t size, struct ctd_error *err);

/* Sends what has gathered, and returns when the daemon has all that was written. */
int ctd_content_flush(struct ctd_content_writer *writer, struct ctd_error *err);

/* Flushes, and tells how far the ingest is. The caller frees *out. */
int ctd_content_status(struct ctd_content_writer *writer, struct ctd_ingest *out, struct ctd_error *err);

/* Throws away what was written, to start again from 0. */
void ctd_content_truncate(struct ctd_content_writer *writer);

/* Announces digest and size before the commit; NULL and 0 leave what is announced already. */
int ctd_content_expect(struct ctd_content_writer *writer, const char *digest, int64_t size, struct ctd_error *err);

/*
 * Commits with `labels`; if another client was faster, they are set as by ctd_content_label. Other bytes than announced
 * are CTD_DIGEST_MISMATCH, and the ingest is aborted then. Nothing can be written afterwards.
 */
int ctd_content_commit(struct ctd_content_writer *writer, const struct ctd_labels *labels, struct ctd_error *err);

/*
 * The same, but if the blob is there already, that is CTD_ALREADY_EXISTS. Tells what it is: the caller frees *digest.
 */
int ctd_content_commit_new(struct ctd_content_writer *writer, const struct ctd_labels *labels, char **digest,
                           int64_t *size, struct ctd_error *err);

/* Ends writing; the ingest stays in the daemon unless it was committed. NULL is fine. */
void ctd_content_close(struct ctd_content_writer *writer);

#ifdef __cplusplus
}
#endif

#endif
