#include "client/archive_export.h"
#include "client/archive_plan.h"
#include "client/archive_writer.h"
#include "client/push_source.h"
#include <stdlib.h>
#include <string.h>

#define CHUNK ((size_t)256 << 10)

struct export {
  struct ctd_archive_plan plan;
  struct ctd_scope *scope;
  struct ctd_archive_writer *writer;
  char *buffer;
};

/* The source verifies the digest before it gives the last bytes. */
static int blob_write(const struct export *export, const struct ctd_archive_item *item, struct ctd_error *err) {
  struct ctd_push_source *source;
  int64_t offset = 0;
  size_t got = 0;
  if (ctd_push_source_open(&source, item->client, item->blob, export->scope, err))
    return -1;
  int result = 0;
  for (; !result && offset < item->blob->size; offset += (int64_t)got) {
    int64_t left = item->blob->size - offset;
    result =
        ctd_push_source_read(source, offset, export->buffer, left < (int64_t)CHUNK ? (size_t)left : CHUNK, &got, err);
    if (!result)
      result = ctd_archive_writer_write(export->writer, export->buffer, got, err);
  }
  ctd_push_source_free(source);
  return result;
}

static int item_write(const struct export *export, const struct ctd_archive_item *item, struct ctd_error *err) {
  bool folder = !item->blob && !item->text;
  unsigned mode = folder ? 0755 : item->blob || !strcmp(item->path, "oci-layout") ? 0444 : 0644;
  int64_t size = item->blob ? item->blob->size : item->text ? (int64_t)strlen(item->text) : 0;
  if (ctd_archive_writer_add(export->writer, item->path, mode, size, err))
    return -1;
  if (item->blob)
    return blob_write(export, item, err);
  return item->text ? ctd_archive_writer_write(export->writer, item->text, (size_t)size, err) : 0;
}

static int export_run(struct export *export, const struct ctd_sink *sink, struct ctd_error *err) {
  export->buffer = malloc(CHUNK);
  if (!export->buffer)
    return ctd_error_nomem(err);
  if (ctd_archive_writer_open(&export->writer, sink, export->scope, err))
    return -1;
  for (size_t i = 0; i < export->plan.count; i++)
    if (item_write(export, &export->plan.items[i], err))
      return -1;
  return ctd_archive_writer_finish(export->writer, err);
}

int ctd_export(struct ctd_client *client, const struct ctd_images *images, const struct ctd_export_options *options,
               const struct ctd_sink *sink, struct ctd_scope *scope, struct ctd_error *err) {
  struct export export = {.scope = scope};
  int result = images->count ? 0 : ctd_error_set(err, CTD_INVALID_ARGUMENT, "no image is named");
  if (!result)
    result = ctd_archive_plan_make(&export.plan, client, images, options, scope, err);
  if (!result)
    result = export_run(&export, sink, err);
  ctd_archive_writer_close(export.writer);
  ctd_archive_plan_free(&export.plan);
  free(export.buffer);
  return result ? ctd_client_failed(client, err, "export", "archive") : 0;
}
