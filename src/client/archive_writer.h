/* Writing a tar archive (libarchive), which is the same whenever its files are: no times, no owners. */
#ifndef CTD_CLIENT_ARCHIVE_WRITER_H
#define CTD_CLIENT_ARCHIVE_WRITER_H

#include "client/sink.h"

/* One thread. */
struct ctd_archive_writer;

/* Writes to `sink` in `scope`, both borrowed. The caller closes *out. */
int ctd_archive_writer_open(struct ctd_archive_writer **out, const struct ctd_sink *sink, struct ctd_scope *scope,
                            struct ctd_error *err);

/* The next file's header, or, if the path ends in "/", the next folder's; and then, in pieces, its `size` bytes. */
int ctd_archive_writer_add(struct ctd_archive_writer *writer, const char *path, unsigned mode, int64_t size,
                           struct ctd_error *err);
int ctd_archive_writer_write(struct ctd_archive_writer *writer, const void *data, size_t size, struct ctd_error *err);

/* The archive's end. */
int ctd_archive_writer_finish(struct ctd_archive_writer *writer, struct ctd_error *err);

void ctd_archive_writer_close(struct ctd_archive_writer *writer); /* NULL is fine */

#endif
