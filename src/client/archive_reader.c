#include "client/archive_reader.h"
#include "client/libarchive.h"
#include "oci/archive.h"
#include <errno.h>
#include <stdlib.h>

#define CHUNK ((size_t)256 << 10)

struct ctd_archive_reader {
  struct archive *archive;
  const struct ctd_source *source;
  struct ctd_scope *scope;
  struct ctd_error error; /* of the source */
  char *path, *link;      /* of the current entry */
  int64_t size;
  char buffer[CHUNK];
};

/* What libarchive calls for the next bytes. */
static la_ssize_t archive_fill(struct archive *archive, void *context, const void **data) {
  struct ctd_archive_reader *reader = context;
  size_t got;
  *data = reader->buffer;
  if (!ctd_scope_check(reader->scope, &reader->error) &&
      !reader->source->read(reader->source->context, reader->buffer, CHUNK, &got, reader->scope, &reader->error))
    return (la_ssize_t)got;
  archive_set_error(archive, EIO, "the source failed");
  return -1;
}

static int archive_failed(struct ctd_archive_reader *reader, struct ctd_error *err) {
  if (!reader->error.code) {
    const char *text = archive_error_string(reader->archive);
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "the archive can't be read: %s", text ? text : "it's broken");
  }
  ctd_error_move(err, &reader->error);
  return -1;
}

static int archive_open(struct ctd_archive_reader *reader, struct ctd_error *err) {
  if (!(reader->archive = archive_read_new()))
    return ctd_error_nomem(err);
  archive_read_support_format_tar(reader->archive);
  archive_read_support_filter_gzip(reader->archive);
  archive_read_support_filter_zstd(reader->archive);
  if (archive_read_open(reader->archive, reader, NULL, archive_fill, NULL) == ARCHIVE_OK)
    return 0;
  return archive_failed(reader, err);
}

int ctd_archive_reader_open(struct ctd_archive_reader **out, const struct ctd_source *source, struct ctd_scope *scope,
                            struct ctd_error *err) {
  *out = NULL;
  if (ctd_libarchive_load(err) < 0)
    return -1;
  struct ctd_archive_reader *reader = *out = calloc(1, sizeof *reader);
  if (!reader)
    return ctd_error_nomem(err);
  reader->source = source;
  reader->scope = scope;
  if (!archive_open(reader, err))
    return 0;
  ctd_archive_reader_close(reader);
  *out = NULL;
  return -1;
}

void ctd_archive_reader_close(struct ctd_archive_reader *reader) {
  if (!reader)
    return;
  archive_read_free(reader->archive);
  ctd_error_clear(&reader->error);
  free(reader->path);
  free(reader->link);
  free(reader);
}

/* Names are UTF-8 or else bytes, whatever the locale is. */
static const char *either(const char *utf8, const char *bytes) {
  return utf8 ? utf8 : bytes;
}

static int entry_read(struct ctd_archive_reader *reader, struct archive_entry *header, struct ctd_error *err) {
  const char *path = either(archive_entry_pathname_utf8(header), archive_entry_pathname(header));
  const char *link = either(archive_entry_symlink_utf8(header), archive_entry_symlink(header));
  free(reader->path);
  free(reader->link);
  reader->path = reader->link = NULL;
  reader->size = archive_entry_size(header);
  if (!path)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "the archive has a file without a name");
  if (ctd_archive_path(&reader->path, NULL, path, err))
    return -1;
  return link ? ctd_archive_path(&reader->link, reader->path, link, err) : 0;
}

static bool entry_counts(struct archive_entry *header) {
  if (archive_entry_hardlink(header))
    return false;
  return archive_entry_filetype(header) == AE_IFREG || archive_entry_filetype(header) == AE_IFLNK;
}

int ctd_archive_reader_next(struct ctd_archive_reader *reader, struct ctd_archive_entry *entry, struct ctd_error *err) {
  struct archive_entry *header;
  int status;
  *entry = (struct ctd_archive_entry){0};
  do
    status = archive_read_next_header(reader->archive, &header);
  while ((status == ARCHIVE_OK || status == ARCHIVE_WARN) && !entry_counts(header));
  if (status == ARCHIVE_EOF)
    return 0;
  if (status != ARCHIVE_OK && status != ARCHIVE_WARN)
    return archive_failed(reader, err);
  if (entry_read(reader, header, err))
    return -1;
  *entry = (struct ctd_archive_entry){.path = reader->path, .link = reader->link, .size = reader->size};
  return 0;
}

static int file_read(void *context, void *buffer, size_t size, size_t *got, struct ctd_scope *scope,
                     struct ctd_error *err) {
  struct ctd_archive_reader *reader = context;
  la_ssize_t count = archive_read_data(reader->archive, buffer, size);
  (void)scope;
  *got = count > 0 ? (size_t)count : 0;
  return count < 0 ? archive_failed(reader, err) : 0;
}

struct ctd_source ctd_archive_reader_source(struct ctd_archive_reader *reader) {
  return (struct ctd_source){file_read, reader};
}

int ctd_archive_reader_slurp(struct ctd_archive_reader *reader, size_t limit, struct ctd_buffer *out,
                             struct ctd_error *err) {
  char piece[8192];
  size_t got;
  if (reader->size > (int64_t)limit)
    return ctd_error_set(err, CTD_OUT_OF_RANGE, "%s has more than %zu bytes", reader->path, limit);
  do {
    if (file_read(reader, piece, sizeof piece, &got, reader->scope, err) ||
        (got && ctd_buffer_append(out, piece, got, err)))
      return -1;
  } while (got);
  return 0;
}
