#include "client/archive_records.h"
#include <stdlib.h>
#include <string.h>

#define UNDO_TIMEOUT 10.0 /* seconds */

void ctd_archive_records_free(struct ctd_archive_records *records) {
  for (size_t i = 0; i < records->count; i++) {
    free(records->items[i].name);
    ctd_image_unref(records->items[i].before);
  }
  free(records->items);
  memset(records, 0, sizeof *records);
}

int ctd_archive_records_add(struct ctd_archive_records *records, char *name, const struct ctd_descriptor *target,
                            struct ctd_error *err) {
  for (size_t i = 0; i < records->count; i++)
    if (!strcmp(records->items[i].name, name)) {
      records->items[i].target = target;
      free(name);
      return 0;
    }
  struct ctd_archive_record *items = realloc(records->items, (records->count + 1) * sizeof *items);
  if (!items) {
    free(name);
    return ctd_error_nomem(err);
  }
  records->items = items;
  items[records->count++] = (struct ctd_archive_record){.name = name, .target = target};
  return 0;
}

static int record_put(struct ctd_archive_record *record, struct ctd_client *client, const struct ctd_labels *labels,
                      struct ctd_scope *scope, struct ctd_image **out, struct ctd_error *err) {
  if (ctd_image_get(client, record->name, scope, &record->before, err)) {
    if (err->code != CTD_NOT_FOUND)
      return -1;
    ctd_error_clear(err);
  }
  if (!labels->count && record->before)
    labels = ctd_image_labels(record->before);
  return ctd_image_put(client, record->name, record->target, labels, scope, out, err);
}

static void record_undo(const struct ctd_archive_record *record, struct ctd_client *client, struct ctd_scope *scope) {
  struct ctd_error ignored = {0};
  struct ctd_image *image = NULL;
  if (record->before)
    ctd_image_put(client, record->name, ctd_image_target(record->before), ctd_image_labels(record->before), scope,
                  &image, &ignored);
  else
    ctd_image_delete(client, record->name, false, scope, &ignored);
  ctd_image_unref(image);
  ctd_error_clear(&ignored);
}

int ctd_archive_records_put(struct ctd_archive_records *records, struct ctd_client *client,
                            const struct ctd_labels *labels, struct ctd_scope *scope, struct ctd_images *out,
                            struct ctd_error *err) {
  struct ctd_scope undo;
  int result = 0;
  *out = (struct ctd_images){.items = calloc(records->count + 1, sizeof(struct ctd_image *))};
  if (!out->items)
    return ctd_error_nomem(err);
  for (; !result && out->count < records->count; out->count += !result)
    result = record_put(&records->items[out->count], client, labels, scope, &out->items[out->count], err);
  if (!result)
    return 0;
  ctd_scope_init(&undo, UNDO_TIMEOUT);
  for (size_t i = 0; i < out->count; i++)
    record_undo(&records->items[i], client, &undo);
  ctd_images_free(out);
  return -1;
}
