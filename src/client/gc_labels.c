#include "client/gc_labels.h"
#include <stdio.h>

enum kind { CONFIG, LAYER, MANIFEST, OTHER, KIND_COUNT };

static enum kind child_kind(const char *media_type) {
  if (ctd_media_type_is_config(media_type))
    return CONFIG;
  if (ctd_media_type_is_layer(media_type))
    return LAYER;
  return ctd_media_type_is_manifest(media_type) ? MANIFEST : OTHER;
}

/* `counts`: how many of each kind there were before. The first config has no number. */
static int child_label(struct ctd_labels *labels, unsigned counts[KIND_COUNT], const struct ctd_descriptor *child,
                       struct ctd_error *err) {
  static const char *const suffixes[] = {[CONFIG] = "config", [LAYER] = "l.", [MANIFEST] = "m.", [OTHER] = ""};
  enum kind kind = child_kind(child->media_type);
  unsigned number = counts[kind]++;
  char key[64];
  if (kind == CONFIG && !number)
    snprintf(key, sizeof key, "containerd.io/gc.ref.content.config");
  else
    snprintf(key, sizeof key, "containerd.io/gc.ref.content.%s%u", suffixes[kind], number);
  return ctd_labels_set(labels, key, child->digest, err);
}

int ctd_gc_labels(struct ctd_labels *labels, const struct ctd_manifest *manifest, struct ctd_error *err) {
  unsigned counts[KIND_COUNT] = {0};
  for (size_t i = 0; i < manifest->manifest_count; i++)
    if (child_label(labels, counts, &manifest->manifests[i], err))
      return -1;
  if (manifest->is_index)
    return 0;
  if (child_label(labels, counts, &manifest->config, err))
    return -1;
  for (size_t i = 0; i < manifest->layer_count; i++)
    if (child_label(labels, counts, &manifest->layers[i], err))
      return -1;
  return 0;
}
