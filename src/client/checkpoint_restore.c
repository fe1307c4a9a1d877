#include "base/json.h"
#include "client/any.h"
#include "client/checkpoint.h"
#include "client/content.h"
#include "client/diff.h"
#include "client/image_load.h"
#include "client/snapshot.h"
#include <stdlib.h>
#include <string.h>

/* How long taking back a container may last, in seconds. */
#define UNDO_TIMEOUT 10.0

int ctd_checkpoint_read(struct ctd_image *checkpoint, struct ctd_scope *scope, struct ctd_manifest *out,
                        struct ctd_error *err) {
  const struct ctd_descriptor *target = ctd_image_target(checkpoint);
  struct ctd_buffer bytes = {0};
  if (!ctd_media_type_is_index(target->media_type))
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "image %s is no checkpoint", ctd_image_name(checkpoint));
  int result = ctd_content_read(ctd_image_client(checkpoint), target->digest, CTD_MANIFEST_LIMIT, scope, &bytes, err);
  if (!result)
    result = ctd_manifest_parse(out, target->media_type, bytes.data, bytes.size, err);
  ctd_buffer_free(&bytes);
  return result;
}

const struct ctd_descriptor *ctd_checkpoint_part(const struct ctd_manifest *index, const char *media_type) {
  for (size_t i = 0; i < index->manifest_count; i++)
    if (!strcmp(index->manifests[i].media_type, media_type))
      return &index->manifests[i];
  return NULL;
}

/* A container that is being made of a checkpoint. */
struct restore {
  struct ctd_client *client;
  const char *id;
  struct ctd_manifest index;
  struct ctd_scope *scope;
  json_t *spec;
  struct ctd_container_options options;
};

static const char *annotation(const struct restore *restore, const char *key) {
  return json_string_value(json_object_get(restore->index.annotations, key));
}

/* The typed value that a part is; *out is NULL if the checkpoint has no such part. The caller frees it. */
static int read_value(const struct restore *restore, const char *media_type, Google__Protobuf__Any **out,
                      struct ctd_error *err) {
  const struct ctd_descriptor *part = ctd_checkpoint_part(&restore->index, media_type);
  struct ctd_buffer bytes = {0};
  *out = NULL;
  if (!part)
    return 0;
  if (ctd_content_read(restore->client, part->digest, CTD_CONFIG_LIMIT, restore->scope, &bytes, err))
    return -1;
  *out = google__protobuf__any__unpack(NULL, bytes.size, (const uint8_t *)bytes.data);
  ctd_buffer_free(&bytes);
  return *out ? 0 : ctd_error_set(err, CTD_INVALID_ARGUMENT, "%s: not a typed value", part->digest);
}

/* A user namespace's files are its ids', as in a new container. */
static void take_spec(struct restore *restore) {
  const json_t *linux_part = json_object_get(restore->spec, "linux");
  restore->options.ready_spec = restore->spec;
  restore->options.spec.uid_maps = json_object_get(linux_part, "uidMappings");
  restore->options.spec.gid_maps = json_object_get(linux_part, "gidMappings");
}

static int read_spec(struct restore *restore, struct ctd_error *err) {
  Google__Protobuf__Any *value;
  if (read_value(restore, CTD_CHECKPOINT_SPEC, &value, err))
    return -1;
  if (!value)
    return 0;
  int result =
      ctd_json_parse(&restore->spec, (const char *)value->value.data, value->value.len, "the checkpoint's spec", err);
  google__protobuf__any__free_unpacked(value, NULL);
  if (!result)
    take_spec(restore);
  return result;
}

static int read_runtime(struct restore *restore, struct ctd_error *err) {
  Google__Protobuf__Any *value;
  if (read_value(restore, CTD_CHECKPOINT_RUNTIME_OPTIONS, &value, err))
    return -1;
  int result = ctd_typed_from_any(&restore->options.runtime_options, value, err);
  if (value)
    google__protobuf__any__free_unpacked(value, NULL);
  return result;
}

/* The cgroup that new_container chooses belongs to the id: two containers don't share one. */
static int own_cgroup(void *context, json_t **spec, struct ctd_error *err) {
  const struct restore *restore = context;
  json_t *linux_part = json_object_get(*spec, "linux");
  const char *path = json_string_value(json_object_get(linux_part, "cgroupsPath"));
  const char *namespace = ctd_client_namespace(restore->client);
  size_t size = strlen(namespace);
  if (!path || *path != '/' || strncmp(path + 1, namespace, size) != 0 || path[1 + size] != '/' ||
      strchr(path + size + 2, '/'))
    return 0;
  return ctd_json_put(linux_part, "cgroupsPath", json_sprintf("/%s/%s", namespace, restore->id), err);
}

static int find_image(const struct restore *restore, struct ctd_image **out, struct ctd_error *err) {
  const char *name = annotation(restore, CTD_CHECKPOINT_IMAGE);
  if (!name)
    name = annotation(restore, CTD_CHECKPOINT_TASK_IMAGE);
  if (!name)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "the checkpoint names no image");
  return ctd_image_get(restore->client, name, restore->scope, out, err);
}

static int create(struct restore *restore, struct ctd_container **out, struct ctd_error *err) {
  struct ctd_image *image = NULL;
  restore->options.snapshotter = annotation(restore, CTD_CHECKPOINT_SNAPSHOTTER);
  restore->options.runtime = annotation(restore, CTD_CHECKPOINT_RUNTIME);
  restore->options.edit = own_cgroup;
  restore->options.edit_context = restore;
  if (find_image(restore, &image, err))
    return -1;
  int result = ctd_container_create(image, restore->id, &restore->options, restore->scope, out, err);
  ctd_image_unref(image);
  return result;
}

static const struct ctd_descriptor *find_layer(const struct ctd_manifest *index) {
  for (size_t i = 0; i < index->manifest_count; i++)
    if (ctd_media_type_is_layer(index->manifests[i].media_type))
      return &index->manifests[i];
  return NULL;
}

static int apply_layer(const struct restore *restore, const struct ctd_container *container, struct ctd_error *err) {
  const struct ctd_container_info *record = ctd_container_record(container);
  const struct ctd_descriptor *layer = find_layer(&restore->index);
  struct ctd_mounts mounts;
  if (!layer)
    return 0;
  if (ctd_snapshot_mounts(restore->client, record->snapshotter, record->snapshot_key, &mounts, restore->scope, err))
    return -1;
  int result = ctd_diff_apply_layer(restore->client, layer, &mounts, restore->scope, NULL, err);
  ctd_mounts_free(&mounts);
  return result;
}

/* Has a time of its own, since the caller's may be over. */
static void take_back(struct ctd_container *container) {
  struct ctd_error ignored = {0};
  struct ctd_scope scope;
  ctd_scope_init(&scope, UNDO_TIMEOUT);
  ctd_container_delete(container, true, &scope, &ignored);
  ctd_error_clear(&ignored);
  ctd_container_unref(container);
}

static int restore_run(struct restore *restore, struct ctd_image *checkpoint, struct ctd_container **out,
                       struct ctd_error *err) {
  if (ctd_checkpoint_read(checkpoint, restore->scope, &restore->index, err) || read_spec(restore, err) ||
      read_runtime(restore, err) || create(restore, out, err))
    return -1;
  if (!apply_layer(restore, *out, err))
    return 0;
  take_back(*out);
  *out = NULL;
  return -1;
}

int ctd_checkpoint_restore(struct ctd_client *client, const char *id, struct ctd_image *checkpoint,
                           struct ctd_scope *scope, struct ctd_container **out, struct ctd_error *err) {
  struct restore restore = {.client = client, .id = id, .scope = scope};
  *out = NULL;
  int result = restore_run(&restore, checkpoint, out, err);
  ctd_manifest_free(&restore.index);
  json_decref(restore.spec);
  ctd_typed_free(&restore.options.runtime_options);
  return result ? ctd_client_failed(client, err, "restore", "container %s of %s", id, ctd_image_name(checkpoint)) : 0;
}
