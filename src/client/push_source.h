/* A blob of the daemon as a source of bytes, which are verified while they're read. */
#ifndef CTD_CLIENT_PUSH_SOURCE_H
#define CTD_CLIENT_PUSH_SOURCE_H

#include "client/client.h"
#include "oci/descriptor.h"

struct ctd_push_source;

/* All borrowed. The caller frees *out. */
int ctd_push_source_open(struct ctd_push_source **out, struct ctd_client *client,
                         const struct ctd_descriptor *descriptor, struct ctd_scope *scope, struct ctd_error *err);
void ctd_push_source_free(struct ctd_push_source *source); /* NULL is fine */

/*
 * As ctd_http_source (registry/http.h). The last bytes are given only if all bytes have the digest that they should:
 * else it's CTD_DIGEST_MISMATCH. Offsets may go back, but never beyond what was read.
 */
int ctd_push_source_read(void *source, int64_t offset, void *data, size_t size, size_t *got, struct ctd_error *err);

#endif
