/*
 * Fetching a large blob over several connections, where each of them is slow: a registry, or what is before it, may
 * give a connection only so much, and a long way keeps one from being full. A blob begins on one connection; if that
 * turns out slow, parts are fetched ahead over four, into memory, at most 12 MiB, and given out in order. If four bring
 * no more than one did, later blobs stay with one.
 */
#ifndef CTD_REGISTRY_LINES_H
#define CTD_REGISTRY_LINES_H

#include "registry/fetch.h"

/* The sessions of one thread, whose connections stay open from blob to blob, and what was learnt of their speed. */
struct ctd_lines;

/* The caller closes *out. */
int ctd_lines_open(struct ctd_lines **out, struct ctd_error *err);
void ctd_lines_close(struct ctd_lines *lines); /* NULL is fine */

/* As ctd_registry_fetch. Whatever goes wrong with parts, what is left is then fetched over one connection. */
int ctd_lines_fetch(struct ctd_lines *lines, struct ctd_registry *registry, struct ctd_scope *scope,
                    const struct ctd_blob *blob, int64_t offset, ctd_blob_sink sink, void *context,
                    struct ctd_error *err);

#endif
