#include "client/archive_records.h"
#include "client/image_undo.h"
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
  if (ctd_image_find(client, record->name, scope, &record->before, err))
    return -1;
  if (!labels->count && record->before)
    labels = ctd_image_labels(record->before);
  return ctd_image_put(client, record->name, record->target, labels, scope, out, err);
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
    ctd_image_undo(client, records->items[i].name, records->items[i].before, &undo);
  ctd_images_free(out);
  return -1;
}
