#include "client/archive_import.h"
#include "client/archive_docker.h"
#include "client/archive_records.h"
#include "client/archive_select.h"
#include "client/gc_labels.h"
#include "client/image_load.h"
#include "client/lease.h"
#include "client/unpack.h"
#include "oci/archive.h"
#include <stdlib.h>
#include <string.h>

struct import {
  struct ctd_client *client, *leased;
  const struct ctd_import_options *options;
  struct ctd_scope *scope;
  struct ctd_platform platform;
  struct ctd_archive_files files;
  struct ctd_descriptor index;
  struct ctd_image_node tree; /* below the index */
  struct ctd_archive_records records;
};

/* What was found below an entry of the index. */
struct found {
  size_t manifests; /* that suit the platform */
  bool image;       /* one of them is an image */
  bool missing;     /* blobs aren't there */
};

static int index_find(struct import *import, struct ctd_error *err) {
  const struct ctd_archive_files *files = &import->files;
  if (!files->layout.size && !files->manifest.size)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "an archive without oci-layout and manifest.json is no image");
  if (!files->layout.size)
    return ctd_archive_docker_index(&import->index, import->leased, files, import->scope, err);
  if (ctd_layout_check(files->layout.data, files->layout.size, err))
    return -1;
  const struct ctd_archive_file *index = ctd_archive_files_find(files, "index.json");
  if (!index)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "index.json is not in the archive");
  return ctd_descriptor_make(&import->index, CTD_OCI_INDEX, index->digest, index->size, err);
}

static const struct ctd_platform *wanted(const struct import *import) {
  return import->options->all_platforms ? NULL : &import->platform;
}

/* Copies of the descriptors, which share what they own with the nodes. The caller frees the array alone. */
static int descriptors_of(const struct ctd_image_node *const *nodes, size_t count, struct ctd_descriptor **out,
                          struct ctd_error *err) {
  *out = calloc(count + 1, sizeof **out);
  if (!*out)
    return ctd_error_nomem(err);
  for (size_t i = 0; i < count; i++)
    (*out)[i] = nodes[i]->descriptor;
  return 0;
}

/* The collector keeps what the labels name: not what is left out. */
static int node_label(const struct import *import, const struct ctd_image_node *node,
                      const struct ctd_image_node *const *children, size_t count, struct ctd_error *err) {
  struct ctd_labels labels = {0};
  struct ctd_descriptor *descriptors;
  struct ctd_manifest manifest = {.is_index = ctd_media_type_is_index(node->descriptor.media_type)};
  if (descriptors_of(children, count, &descriptors, err))
    return -1;
  if (manifest.is_index) {
    manifest.manifests = descriptors;
    manifest.manifest_count = count;
  } else {
    manifest.config = descriptors[0];
    manifest.layers = descriptors + 1;
    manifest.layer_count = import->options->discard_unpacked_layers ? 0 : count - 1;
  }
  int result = ctd_gc_labels(&labels, &manifest, err);
  if (!result)
    result = ctd_content_label(import->leased, node->descriptor.digest, &labels, import->scope, err);
  ctd_labels_free(&labels);
  free(descriptors);
  return result;
}

static int node_missing(const struct import *import, const struct ctd_image_node *node, struct found *found,
                        struct ctd_error *err) {
  if (ctd_archive_is_optional(node))
    return 0;
  found->missing = true;
  if (import->options->skip_missing)
    return 0;
  return ctd_error_set(err, CTD_NOT_FOUND, "blob %s is not in the archive", node->descriptor.digest);
}

/* Labels the node and what is below it, parents first. */
static int node_keep(const struct import *import, const struct ctd_image_node *node, struct found *found,
                     struct ctd_error *err) {
  const struct ctd_image_node **children;
  size_t count;
  bool manifest = ctd_media_type_is_manifest(node->descriptor.media_type);
  found->manifests += manifest;
  found->image |= manifest && ctd_image_node_is_image(node);
  if (!node->present)
    return node_missing(import, node, found, err);
  if (!node->child_count)
    return 0;
  if (ctd_archive_select(node, wanted(import), true, &children, &count, err))
    return -1;
  int result = count ? node_label(import, node, children, count, err) : 0;
  for (size_t i = 0; !result && i < count; i++)
    result = node_keep(import, children[i], found, err);
  free(children);
  return result;
}

static int stored_read(void *context, const struct ctd_descriptor *descriptor, size_t limit, struct ctd_buffer *out,
                       struct ctd_error *err) {
  const struct import *import = context;
  return ctd_content_read(import->leased, descriptor->digest, limit, import->scope, out, err);
}

/* Of an archive for all platforms there may be nothing for this one. */
static int entry_unpack(struct import *import, const struct ctd_descriptor *entry, struct ctd_error *err) {
  const struct ctd_image_source source = {.read = stored_read, .context = import};
  struct ctd_image_content content;
  char platform[CTD_PLATFORM_TEXT_SIZE];
  ctd_platform_format(&import->platform, platform);
  if (ctd_image_load(entry, platform, &source, &content, err)) {
    if (err->code != CTD_UNSUPPORTED_PLATFORM || !import->options->all_platforms)
      return -1;
    ctd_error_clear(err);
    return 0;
  }
  int result = ctd_unpack_content(import->leased, &content, import->options->snapshotter, import->scope, err);
  ctd_image_content_free(&content);
  return result;
}

/* *out NULL: it has none. */
static int name_of(const struct ctd_import_options *options, const struct ctd_descriptor *entry, char **out,
                   struct ctd_error *err) {
  if (ctd_archive_name(out, entry->annotations, options->prefix, options->only_prefix, err))
    return -1;
  if (!*out || !options->rename || !options->rename(options->rename_context, out, err))
    return 0;
  free(*out);
  return -1;
}

static int entry_name(struct import *import, const struct ctd_descriptor *entry, struct ctd_error *err) {
  const struct ctd_import_options *options = import->options;
  char *name;
  if (name_of(options, entry, &name, err) || (name && ctd_archive_records_add(&import->records, name, entry, err)))
    return -1;
  if (!options->digests)
    return 0;
  name = ctd_format(err, "%s@%s", options->prefix, entry->digest);
  return name ? ctd_archive_records_add(&import->records, name, entry, err) : -1;
}

static int entry_take(struct import *import, const struct ctd_image_node *entry, size_t *kept, struct ctd_error *err) {
  struct found found = {0};
  if (node_keep(import, entry, &found, err))
    return -1;
  if (!found.manifests && !import->options->skip_missing)
    return 0;
  ++*kept;
  if (import->options->unpack && found.image && !found.missing && entry_unpack(import, &entry->descriptor, err))
    return -1;
  return entry_name(import, &entry->descriptor, err);
}

static int entries_none(const struct import *import, struct ctd_error *err) {
  char platform[CTD_PLATFORM_TEXT_SIZE];
  if (import->options->all_platforms || !import->tree.child_count)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "there is no image in the archive");
  ctd_platform_format(&import->platform, platform);
  return ctd_error_set(err, CTD_UNSUPPORTED_PLATFORM, "no image in the archive is for platform %s", platform);
}

static int entries_take(struct import *import, struct ctd_error *err) {
  const struct ctd_image_node **entries;
  size_t count, kept = 0;
  if (ctd_archive_select(&import->tree, wanted(import), false, &entries, &count, err))
    return -1;
  int result = count ? node_label(import, &import->tree, entries, count, err) : 0;
  for (size_t i = 0; !result && i < count; i++)
    result = entry_take(import, entries[i], &kept, err);
  free(entries);
  if (!result && !kept)
    result = entries_none(import, err);
  return result;
}

static int import_name(struct import *import, struct ctd_error *err) {
  const struct ctd_import_options *options = import->options;
  char *name = NULL;
  if (options->index_name && (ctd_copy_string(&name, options->index_name, err) ||
                              ctd_archive_records_add(&import->records, name, &import->index, err)))
    return -1;
  if (import->records.count || options->only_prefix || options->rename)
    return 0;
  return ctd_error_set(err, CTD_INVALID_ARGUMENT,
                       "nothing in the archive has a name; \"index_name\", or \"digests\" and \"prefix\", give one");
}

static int import_run(struct import *import, const struct ctd_source *source, struct ctd_images *out,
                      struct ctd_error *err) {
  if (import->options->digests && !import->options->prefix)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "\"digests\" needs a \"prefix\"");
  if (ctd_archive_platform(import->client, import->options->platform, &import->platform, err) ||
      ctd_lease_begin(import->client, &import->leased, import->scope, err) ||
      ctd_archive_files_ingest(&import->files, import->leased, source, import->scope, err) || index_find(import, err) ||
      ctd_image_tree_read(import->leased, &import->index, import->scope, &import->tree, err) ||
      entries_take(import, err) || import_name(import, err))
    return -1;
  return ctd_archive_records_put(&import->records, import->client, &import->options->labels, import->scope, out, err);
}

static void import_free(struct import *import) {
  ctd_lease_end(import->client, import->leased);
  ctd_archive_records_free(&import->records);
  ctd_image_node_free(&import->tree);
  ctd_descriptor_free(&import->index);
  ctd_archive_files_free(&import->files);
}

int ctd_import(struct ctd_client *client, const struct ctd_source *source, const struct ctd_import_options *options,
               struct ctd_scope *scope, struct ctd_images *out, struct ctd_error *err) {
  struct import import = {.client = client, .options = options, .scope = scope};
  *out = (struct ctd_images){0};
  int result = import_run(&import, source, out, err);
  if (result)
    ctd_client_failed(client, err, "import", "archive");
  import_free(&import);
  return result;
}
