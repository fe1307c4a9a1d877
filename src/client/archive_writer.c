#include "client/archive_writer.h"
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK (256 << 10)

struct ctd_archive_writer {
  struct archive *archive;
  const struct ctd_sink *sink;
  struct ctd_scope *scope;
  struct ctd_error error; /* of the sink */
};

/* What libarchive calls with the next bytes. Once the sink has failed, nothing goes there any more. */
static la_ssize_t archive_drain(struct archive *archive, void *context, const void *data, size_t size) {
  struct ctd_archive_writer *writer = context;
  if (!writer->error.code && !ctd_scope_check(writer->scope, &writer->error) &&
      !writer->sink->write(writer->sink->context, data, size, writer->scope, &writer->error))
    return (la_ssize_t)size;
  archive_set_error(archive, EIO, "the sink failed");
  return -1;
}

static int archive_failed(struct ctd_archive_writer *writer, struct ctd_error *err) {
  if (!writer->error.code) {
    const char *text = archive_error_string(writer->archive);
    return ctd_error_set(err, CTD_UNKNOWN, "the archive can't be written: %s", text ? text : "no reason is known");
  }
  ctd_error_move(err, &writer->error);
  writer->error.code = CTD_ABORTED; /* libarchive writes on when it's closed */
  return -1;
}

static int archive_open(struct ctd_archive_writer *writer, struct ctd_error *err) {
  if (!(writer->archive = archive_write_new()))
    return ctd_error_nomem(err);
  archive_write_set_format_pax_restricted(writer->archive); /* plain tar but for what has no place there */
  archive_write_set_bytes_per_block(writer->archive, BLOCK);
  archive_write_set_bytes_in_last_block(writer->archive, 1);
  if (archive_write_open(writer->archive, writer, NULL, archive_drain, NULL) == ARCHIVE_OK)
    return 0;
  return archive_failed(writer, err);
}

int ctd_archive_writer_open(struct ctd_archive_writer **out, const struct ctd_sink *sink, struct ctd_scope *scope,
                            struct ctd_error *err) {
  struct ctd_archive_writer *writer = *out = calloc(1, sizeof *writer);
  if (!writer)
    return ctd_error_nomem(err);
  writer->sink = sink;
  writer->scope = scope;
  if (!archive_open(writer, err))
    return 0;
  ctd_archive_writer_close(writer);
  *out = NULL;
  return -1;
}

int ctd_archive_writer_add(struct ctd_archive_writer *writer, const char *path, unsigned mode, int64_t size,
                           struct ctd_error *err) {
  struct archive_entry *header = archive_entry_new();
  if (!header)
    return ctd_error_nomem(err);
  archive_entry_set_pathname(header, path);
  archive_entry_set_filetype(header, path[strlen(path) - 1] == '/' ? AE_IFDIR : AE_IFREG);
  archive_entry_set_perm(header, (__LA_MODE_T)mode);
  archive_entry_set_size(header, size);
  archive_entry_set_mtime(header, 0, 0);
  int status = archive_write_header(writer->archive, header);
  archive_entry_free(header);
  return status == ARCHIVE_OK ? 0 : archive_failed(writer, err);
}

int ctd_archive_writer_write(struct ctd_archive_writer *writer, const void *data, size_t size, struct ctd_error *err) {
  la_ssize_t written = size ? archive_write_data(writer->archive, data, size) : 0;
  return written == (la_ssize_t)size ? 0 : archive_failed(writer, err);
}

int ctd_archive_writer_finish(struct ctd_archive_writer *writer, struct ctd_error *err) {
  return archive_write_close(writer->archive) == ARCHIVE_OK ? 0 : archive_failed(writer, err);
}

void ctd_archive_writer_close(struct ctd_archive_writer *writer) {
  if (!writer)
    return;
  archive_write_fail(writer->archive); /* what isn't finished isn't made to look finished */
  archive_write_free(writer->archive);
  ctd_error_clear(&writer->error);
  free(writer);
}
