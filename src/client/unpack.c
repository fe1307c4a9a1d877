#include "client/unpack.h"
#include "base/buffer.h"
#include "client/any.h"
#include "client/content.h"
#include "client/diff.h"
#include "client/lease_resource.h"
#include "client/snapshot.h"
#include "client/unique.h"
#include "rpc/pending.h"
#include <stdlib.h>
#include <string.h>

#define PREPARE_TRIES 3
#define REMOVE_TIMEOUT 10.0 /* seconds that removing an unfinished snapshot may take */

struct unpack {
  struct ctd_client *client;
  const char *snapshotter;
  const struct ctd_manifest *manifest;
  const json_t *diff_ids;
  char **chain_ids;
  size_t count;
  const struct ctd_layer_source *source;
  struct ctd_scope *scope;
};

/* One layer on its way to a snapshot. */
struct layer {
  const struct ctd_descriptor *descriptor;
  const char *diff_id, *chain_id, *parent; /* parent: "" for the lowest */
  char *key;
  struct ctd_labels labels;
  struct ctd_mounts mounts;
  bool applied; /* and not somebody else's work */
};

/* A layer gets its label, for which the daemon syncs its disk, while the next one is unpacked. */
struct labelling {
  const struct unpack *unpack;
  struct ctd_scope scope; /* has the call while it is under way */
  const char *digest, *diff_id;
};

static int unpack_has(const struct unpack *unpack, const char *chain_id, bool *exists, struct ctd_error *err) {
  return ctd_lease_hold_snapshot(unpack->client, unpack->snapshotter, chain_id, exists, unpack->scope, err);
}

/* How many layers have their snapshot, counted from the lowest. A snapshot never lacks its parents. */
static int unpack_present(const struct unpack *unpack, size_t *present, struct ctd_error *err) {
  bool exists = true;
  *present = unpack->count;
  if (!unpack->count)
    return 0;
  if (unpack_has(unpack, unpack->chain_ids[unpack->count - 1], &exists, err))
    return -1;
  if (exists)
    return 0;
  for (*present = 0; *present < unpack->count - 1; ++*present) {
    if (unpack_has(unpack, unpack->chain_ids[*present], &exists, err))
      return -1;
    if (!exists)
      break;
  }
  return 0;
}

/* The snapshot knows what it will be, and gets those annotations of the layer that are meant for the snapshotter. */
static int layer_labels(struct layer *layer, struct ctd_error *err) {
  static const char prefix[] = "containerd.io/snapshot/";
  const char *key;
  json_t *value;
  json_object_foreach(layer->descriptor->annotations, key, value) {
    if (!strncmp(key, prefix, sizeof prefix - 1) && ctd_labels_set(&layer->labels, key, json_string_value(value), err))
      return -1;
  }
  return ctd_labels_set(&layer->labels, "containerd.io/snapshot.ref", layer->chain_id, err);
}

/*
 * Makes the snapshot that the layer is applied to; layer->key stays NULL if somebody else has finished the layer, which
 * the daemon knows by the label.
 */
static int layer_prepare(const struct unpack *unpack, struct layer *layer, struct ctd_error *err) {
  bool exists = false;
  char unique[CTD_UNIQUE_SIZE];
  for (int tries = 0; tries < PREPARE_TRIES; tries++) {
    ctd_unique(unique);
    if (!(layer->key = ctd_format(err, "extract-%s %s", unique, layer->chain_id)))
      return -1;
    if (!ctd_snapshot_prepare(unpack->client, unpack->snapshotter, layer->key, layer->parent, &layer->labels,
                              &layer->mounts, unpack->scope, err))
      return 0;
    if (err->code != CTD_ALREADY_EXISTS)
      return -1;
    ctd_error_clear(err);
    free(layer->key);
    layer->key = NULL;
    if (unpack_has(unpack, layer->chain_id, &exists, err))
      return -1;
    if (exists)
      return 0;
  }
  return ctd_error_set(err, CTD_ALREADY_EXISTS, "snapshot %s is there and isn't", layer->chain_id);
}

/* A cancelled operation removes too. What isn't removed goes with the lease. */
static void layer_remove(const struct unpack *unpack, const struct layer *layer) {
  struct ctd_scope scope;
  struct ctd_error ignored = {0};
  if (!layer->key)
    return;
  ctd_scope_init(&scope, REMOVE_TIMEOUT);
  ctd_snapshot_remove(unpack->client, unpack->snapshotter, layer->key, &scope, &ignored);
  ctd_error_clear(&ignored);
}

static int layer_apply(const struct unpack *unpack, struct layer *layer, struct ctd_error *err) {
  char *applied = NULL;
  int result = ctd_diff_apply_layer(unpack->client, layer->descriptor, &layer->mounts, unpack->scope, &applied, err);
  if (!result && strcmp(applied, layer->diff_id) != 0)
    result = ctd_error_set(err, CTD_DIGEST_MISMATCH, "layer %s unpacks to %s, but the image's config says %s",
                           layer->descriptor->digest, applied, layer->diff_id);
  free(applied);
  return result;
}

/* Somebody else may have been faster; then their snapshot is as good as this one. */
static int layer_commit(const struct unpack *unpack, struct layer *layer, struct ctd_error *err) {
  if (!ctd_snapshot_commit(unpack->client, unpack->snapshotter, layer->chain_id, layer->key, &layer->labels,
                           unpack->scope, err)) {
    free(layer->key);
    layer->key = NULL;
    return 0;
  }
  if (err->code != CTD_ALREADY_EXISTS)
    return -1;
  ctd_error_clear(err);
  return 0;
}

static int layer_make(const struct unpack *unpack, size_t index, struct layer *layer, struct ctd_error *err) {
  const struct ctd_layer_source *source = unpack->source;
  if (layer_labels(layer, err) || layer_prepare(unpack, layer, err))
    return -1;
  if (!layer->key)
    return 0;
  if (source->await(source->context, index, err))
    return -1;
  source->progress(source->context, index, CTD_PROGRESS_UNPACKING);
  if (layer_apply(unpack, layer, err) || layer_commit(unpack, layer, err))
    return -1;
  layer->applied = true;
  return 0;
}

static int unpack_layer(const struct unpack *unpack, size_t index, bool *applied, struct ctd_error *err) {
  struct layer layer = {
      .descriptor = &unpack->manifest->layers[index],
      .diff_id = json_string_value(json_array_get(unpack->diff_ids, index)),
      .chain_id = unpack->chain_ids[index],
      .parent = index ? unpack->chain_ids[index - 1] : "",
  };
  int result = layer_make(unpack, index, &layer, err);
  *applied = layer.applied;
  layer_remove(unpack, &layer);
  if (!result)
    unpack->source->progress(unpack->source->context, index, CTD_PROGRESS_UNPACKED);
  free(layer.key);
  ctd_labels_free(&layer.labels);
  ctd_mounts_free(&layer.mounts);
  return result;
}

/* Begins it, in the scope that doesn't wait, and when the call is complete takes its answer. */
static int labelling_run(struct labelling *labelling, struct ctd_error *err) {
  struct ctd_content_info info = {0};
  struct ctd_labels labels = {0};
  int result = ctd_labels_set(&labels, "containerd.io/uncompressed", labelling->diff_id, err);
  if (!result)
    result = ctd_content_update(labelling->unpack->client, labelling->digest, &labels, &labelling->scope, &info, err);
  ctd_content_info_free(&info);
  ctd_labels_free(&labels);
  return result < 0 ? ctd_error_prefix(err, "label %s", labelling->digest) : result;
}

static int labelling_start(struct labelling *labelling, size_t index, struct ctd_error *err) {
  const struct unpack *unpack = labelling->unpack;
  labelling->digest = unpack->manifest->layers[index].digest;
  labelling->diff_id = json_string_value(json_array_get(unpack->diff_ids, index));
  ctd_scope_init_within(&labelling->scope, unpack->scope);
  labelling->scope.nowait = true;
  int result = labelling_run(labelling, err);
  return result == CTD_PENDING ? 0 : result;
}

/* Returns `result`, or −1 if labelling has failed, which is told unless something else has failed before. */
static int labelling_end(struct labelling *labelling, int result, struct ctd_error *err) {
  struct ctd_call *call = labelling->scope.call;
  if (result)
    ctd_scope_release(&labelling->scope);
  if (result || !call)
    return result;
  while (!ctd_call_wait(call, CTD_SLICE))
    if (ctd_scope_cancelled(&labelling->scope))
      ctd_call_cancel(call);
  return labelling_run(labelling, err);
}

static int unpack_layers(const struct unpack *unpack, struct ctd_error *err) {
  struct labelling labelling = {.unpack = unpack};
  size_t first;
  int result = 0;
  if (unpack_present(unpack, &first, err) || unpack->source->needed(unpack->source->context, first, err))
    return -1;
  for (size_t i = first; i < unpack->count && !result; i++) {
    bool applied;
    result = unpack_layer(unpack, i, &applied, err);
    result = labelling_end(&labelling, result, err);
    if (!result && applied)
      result = labelling_start(&labelling, i, err);
  }
  return labelling_end(&labelling, result, err);
}

/* Binds the snapshots to the image: as long as the config stays, so do they. */
static int unpack_bind(const struct unpack *unpack, struct ctd_error *err) {
  struct ctd_labels labels = {0};
  if (!unpack->count)
    return 0;
  char *key = ctd_format(err, "containerd.io/gc.ref.snapshot.%s", unpack->snapshotter);
  int result = key ? ctd_labels_set(&labels, key, unpack->chain_ids[unpack->count - 1], err) : -1;
  if (!result)
    result = ctd_content_label(unpack->client, unpack->manifest->config.digest, &labels, unpack->scope, err);
  ctd_labels_free(&labels);
  free(key);
  return result;
}

int ctd_unpack(struct ctd_client *client, const char *snapshotter, const struct ctd_manifest *manifest,
               const struct ctd_image_config *config, const struct ctd_layer_source *source, struct ctd_scope *scope,
               struct ctd_error *err) {
  struct unpack unpack = {
      .client = client,
      .snapshotter = snapshotter,
      .manifest = manifest,
      .diff_ids = config->diff_ids,
      .count = manifest->layer_count,
      .source = source,
      .scope = scope,
  };
  size_t diff_count = json_array_size(config->diff_ids);
  if (diff_count != unpack.count)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "the manifest has %zu layers and the config %zu diff ids",
                         unpack.count, diff_count);
  if (ctd_chain_ids(&unpack.chain_ids, config->diff_ids, err))
    return -1;
  int result = unpack_layers(&unpack, err);
  if (!result)
    result = unpack_bind(&unpack, err);
  ctd_chain_ids_free(unpack.chain_ids, unpack.count);
  return result;
}
