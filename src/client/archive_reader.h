/* Reading a tar archive, plain or compressed with gzip or zstd, file by file (libarchive). */
#ifndef CTD_CLIENT_ARCHIVE_READER_H
#define CTD_CLIENT_ARCHIVE_READER_H

#include "base/buffer.h"
#include "client/content_ingest.h"

/* One thread. */
struct ctd_archive_reader;

struct ctd_archive_entry {
  const char *path; /* as ctd_archive_path has it; these are borrowed, until the next entry */
  const char *link; /* where a symbolic link points to, such a path too; NULL: it's a file */
  int64_t size;     /* bytes of a file */
};

/* Reads from `source` in `scope`, both borrowed. A source that isn't such an archive is CTD_INVALID_ARGUMENT. */
int ctd_archive_reader_open(struct ctd_archive_reader **out, const struct ctd_source *source, struct ctd_scope *scope,
                            struct ctd_error *err);

/* The next file or symbolic link, whatever else there is between; entry->path NULL at the end. */
int ctd_archive_reader_next(struct ctd_archive_reader *reader, struct ctd_archive_entry *entry, struct ctd_error *err);

/* The bytes of the current file. */
struct ctd_source ctd_archive_reader_source(struct ctd_archive_reader *reader);

/* The current file whole; more than `limit` bytes are CTD_OUT_OF_RANGE. */
int ctd_archive_reader_slurp(struct ctd_archive_reader *reader, size_t limit, struct ctd_buffer *out,
                             struct ctd_error *err);

void ctd_archive_reader_close(struct ctd_archive_reader *reader); /* NULL is fine */

#endif
