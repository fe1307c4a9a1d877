#include "client/labels.h"
#include "base/buffer.h"
#include <stdlib.h>
#include <string.h>

/* Where `key` stands or would stand. */
static size_t label_place(const struct ctd_labels *labels, const char *key) {
  size_t low = 0, high = labels->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (strcmp(labels->items[middle].key, key) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static bool label_is(const struct ctd_labels *labels, size_t place, const char *key) {
  return place < labels->count && !strcmp(labels->items[place].key, key);
}

static void label_free(struct ctd_label *label) {
  free(label->key);
  free(label->value);
}

static int label_insert(struct ctd_labels *labels, size_t place, struct ctd_label label, struct ctd_error *err) {
  struct ctd_label *items = realloc(labels->items, (labels->count + 1) * sizeof *items);
  if (!items)
    return ctd_error_nomem(err);
  memmove(items + place + 1, items + place, (labels->count - place) * sizeof *items);
  items[place] = label;
  labels->items = items;
  labels->count++;
  return 0;
}

int ctd_labels_set(struct ctd_labels *labels, const char *key, const char *value, struct ctd_error *err) {
  struct ctd_label label = {0};
  size_t place = label_place(labels, key);
  bool there = label_is(labels, place, key);
  if (ctd_copy_string(&label.value, value, err) || (!there && ctd_copy_string(&label.key, key, err)))
    goto failed;
  if (!there) {
    if (label_insert(labels, place, label, err))
      goto failed;
    return 0;
  }
  free(labels->items[place].value);
  labels->items[place].value = label.value;
  return 0;
failed:
  label_free(&label);
  return -1;
}

const char *ctd_labels_get(const struct ctd_labels *labels, const char *key) {
  size_t place = label_place(labels, key);
  return label_is(labels, place, key) ? labels->items[place].value : NULL;
}

int ctd_labels_copy(struct ctd_labels *to, const struct ctd_labels *from, struct ctd_error *err) {
  for (size_t i = 0; i < from->count; i++)
    if (ctd_labels_set(to, from->items[i].key, from->items[i].value, err))
      return -1;
  return 0;
}

void ctd_labels_free(struct ctd_labels *labels) {
  for (size_t i = 0; i < labels->count; i++)
    label_free(&labels->items[i]);
  free(labels->items);
  memset(labels, 0, sizeof *labels);
}

int ctd_labels_from_json(struct ctd_labels *labels, const json_t *object, struct ctd_error *err) {
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)object, key, value) {
    if (ctd_labels_set(labels, key, json_string_value(value), err))
      return -1;
  }
  return 0;
}
