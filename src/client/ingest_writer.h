/* A writer that a program keeps: it outlives the scopes of the operations that use it. */
#ifndef CTD_CLIENT_INGEST_WRITER_H
#define CTD_CLIENT_INGEST_WRITER_H

#include "client/content.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Shared by reference. An operation while another one is under way is CTD_FAILED_PRECONDITION. */
struct ctd_ingest_writer;

struct ctd_ingest_options {
  const char *ref;    /* NULL: made from the digest, or one that nobody else uses */
  const char *digest; /* NULL: not known */
  int64_t size;       /* 0: not known */
  struct ctd_labels labels;
  bool anew; /* ctd_content_ingest: goes on with nothing that the ref has, and leaves no ingest after a failure */
};

/* The ref that an ingest with these options has. The caller frees *out. */
int ctd_ingest_ref(const struct ctd_ingest_options *options, char **out, struct ctd_error *err);

/*
 * Opens an ingest, which goes on where its ref was left. A ref that another client is writing is waited for.
 * CTD_ALREADY_EXISTS if the blob is there. When an operation's scope ends in its midst, so does the writer, whereas the
 * ingest stays. The caller unrefs *out.
 */
int ctd_ingest_writer_open(struct ctd_ingest_writer **out, struct ctd_client *client,
                           const struct ctd_ingest_options *options, struct ctd_scope *scope, struct ctd_error *err);

struct ctd_ingest_writer *ctd_ingest_writer_ref(struct ctd_ingest_writer *writer);
void ctd_ingest_writer_unref(struct ctd_ingest_writer *writer); /* NULL is fine */

const char *ctd_ingest_writer_ref_name(const struct ctd_ingest_writer *writer); /* borrowed */

/* Appends bytes, and returns when the daemon has them. */
int ctd_ingest_writer_write(struct ctd_ingest_writer *writer, const void *data, size_t size, struct ctd_scope *scope,
                            struct ctd_error *err);

/* The caller frees *out. */
int ctd_ingest_writer_status(struct ctd_ingest_writer *writer, struct ctd_scope *scope, struct ctd_ingest *out,
                             struct ctd_error *err);

/* Back to the beginning. */
int ctd_ingest_writer_truncate(struct ctd_ingest_writer *writer, struct ctd_error *err);

/*
 * Makes the ingest a blob; `options` complete what was said when it was opened, but for the ref. Other bytes than
 * announced are CTD_DIGEST_MISMATCH and leave nothing. The caller frees *digest.
 */
int ctd_ingest_writer_commit(struct ctd_ingest_writer *writer, const struct ctd_ingest_options *options,
                             struct ctd_scope *scope, char **digest, int64_t *size, struct ctd_error *err);

#ifdef __cplusplus
}
#endif

#endif
