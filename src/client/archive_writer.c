#include "client/archive_writer.h"
#include "client/libarchive.h"
#include <stdlib.h>
#include <string.h>

#define BLOCK (256 << 10)

struct ctd_archive_writer {
  struct archive *archive;
  const struct ctd_sink *sink;
  struct ctd_scope *scope;
  bool failed; /* the sink has, with `error` */
  struct ctd_error error;
};

/*
 * What libarchive calls with the next bytes. It isn't told of the sink's failure, since it leaks its buffers then; but
 * nothing goes to the sink any more.
 */
static la_ssize_t archive_drain(struct archive *archive, void *context, const void *data, size_t size) {
  struct ctd_archive_writer *writer = context;
  (void)archive;
  if (!writer->failed)
    writer->failed = ctd_scope_check(writer->scope, &writer->error) ||
                     writer->sink->write(writer->sink->context, data, size, writer->scope, &writer->error);
  return (la_ssize_t)size;
}

/* After each call of libarchive. */
static int archive_check(struct ctd_archive_writer *writer, bool done, struct ctd_error *err) {
  if (writer->failed) {
    ctd_error_move(err, &writer->error);
    return -1;
  }
  if (done)
    return 0;
  const char *text = archive_error_string(writer->archive);
  return ctd_error_set(err, CTD_UNKNOWN, "the archive can't be written: %s", text ? text : "no reason is known");
}

static int archive_open(struct ctd_archive_writer *writer, struct ctd_error *err) {
  if (!(writer->archive = archive_write_new()))
    return ctd_error_nomem(err);
  archive_write_set_format_pax_restricted(writer->archive); /* plain tar but for what has no place there */
  archive_write_set_bytes_per_block(writer->archive, BLOCK);
  archive_write_set_bytes_in_last_block(writer->archive, 1);
  int status = archive_write_open(writer->archive, writer, NULL, archive_drain, NULL);
  return archive_check(writer, status == ARCHIVE_OK, err);
}

int ctd_archive_writer_open(struct ctd_archive_writer **out, const struct ctd_sink *sink, struct ctd_scope *scope,
                            struct ctd_error *err) {
  *out = NULL;
  if (ctd_libarchive_load(err) < 0)
    return -1;
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
  return archive_check(writer, status == ARCHIVE_OK, err);
}

int ctd_archive_writer_write(struct ctd_archive_writer *writer, const void *data, size_t size, struct ctd_error *err) {
  la_ssize_t written = size ? archive_write_data(writer->archive, data, size) : 0;
  return archive_check(writer, written == (la_ssize_t)size, err);
}

int ctd_archive_writer_finish(struct ctd_archive_writer *writer, struct ctd_error *err) {
  return archive_check(writer, archive_write_close(writer->archive) == ARCHIVE_OK, err);
}

void ctd_archive_writer_close(struct ctd_archive_writer *writer) {
  if (!writer)
    return;
  writer->failed = true; /* what isn't finished isn't made to look finished */
  archive_write_free(writer->archive);
  ctd_error_clear(&writer->error);
  free(writer);
}
