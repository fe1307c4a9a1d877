/* Making a blob of whatever gives bytes. */
#ifndef CTD_CLIENT_CONTENT_INGEST_H
#define CTD_CLIENT_CONTENT_INGEST_H

#include "client/ingest_writer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where bytes come from: `read` gives up to `size` of them, at the end *got is 0. */
struct ctd_source {
  int (*read)(void *context, void *buffer, size_t size, size_t *got, struct ctd_scope *scope, struct ctd_error *err);
  void *context;
};

/*
 * Reads the source to its end and makes a blob of it, going on where an ingest of the same ref was left: the bytes that
 * the daemon has are read and skipped. A blob that is there already is success and gets the labels. Other bytes than
 * announced are CTD_DIGEST_MISMATCH and leave nothing; after other failures an ingest stays that can be found again, by
 * the ref or by the digest that was given. The caller frees *digest.
 */
int ctd_content_ingest(struct ctd_client *client, const struct ctd_ingest_options *options,
                       const struct ctd_source *source, struct ctd_scope *scope, char **digest, int64_t *size,
                       struct ctd_error *err);

/*
 * Puts a blob under the client's lease, if it has one, whether or not the blob is there yet. The daemon does so itself
 * with what is new, but not with what is there already.
 */
int ctd_content_keep(struct ctd_client *client, const char *digest, struct ctd_scope *scope, struct ctd_error *err);

#ifdef __cplusplus
}
#endif

#endif
