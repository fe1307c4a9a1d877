#include "client/push.h"
#include "client/content.h"
#include "client/image_load.h"
#include "client/push_blobs.h"
#include "oci/reference.h"
#include "registry/push.h"
#include <stdlib.h>
#include <string.h>

#define DEFAULT_CONCURRENCY 3

struct push {
  struct ctd_client *client; /* whose content it is */
  struct ctd_image *image;
  const struct ctd_push_options *options;
  struct ctd_scope scope; /* within the caller's; ends when a blob fails */
  struct ctd_reference reference;
  struct ctd_descriptor root;
  struct ctd_image_node tree;
  struct ctd_push_items items;
  struct ctd_pull_report report;
  struct ctd_registry *registry;
  struct ctd_http *http;
};

/* What the reference is going to name. */
static int push_choose(struct push *push, struct ctd_error *err) {
  struct ctd_image_content content;
  if (!push->options->platform)
    return ctd_descriptor_copy(&push->root, ctd_image_target(push->image), err);
  if (ctd_image_read_for(push->image, push->options->platform, &push->scope, &content, err))
    return -1;
  int result = ctd_descriptor_copy(&push->root, &content.manifest_descriptor, err);
  ctd_image_content_free(&content);
  return result;
}

static int push_plan(struct push *push, struct ctd_error *err) {
  const struct ctd_reference *reference = &push->reference;
  if (push_choose(push, err))
    return -1;
  if (reference->digest && strcmp(reference->digest, push->root.digest) != 0)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "the image is %s", push->root.digest);
  if (ctd_image_tree_read(push->client, &push->root, &push->scope, &push->tree, err))
    return -1;
  return ctd_push_items_make(&push->items, &push->tree, reference->domain, reference->path, err);
}

static int push_open(struct push *push, const struct ctd_client *client, struct ctd_error *err) {
  const struct ctd_reference *reference = &push->reference;
  struct ctd_registry_options registry = push->options->registry;
  const char **mounts;
  if (!registry.hosts_dir)
    registry.hosts_dir = ctd_client_hosts_dir(client);
  if (ctd_http_open(&push->http, err) || ctd_push_items_mounts(&push->items, &mounts, err))
    return -1;
  registry.push = true;
  registry.mounts = mounts;
  int result = ctd_registry_open(&push->registry, reference->domain, reference->path, reference->name, &registry, err);
  free(mounts);
  return result;
}

static int push_blobs(struct push *push, struct ctd_error *err) {
  int concurrency = push->options->max_concurrent > 0 ? push->options->max_concurrent : DEFAULT_CONCURRENCY;
  const struct ctd_push_shared shared = {.client = push->client,
                                         .registry = push->registry,
                                         .scope = &push->scope,
                                         .report = &push->report,
                                         .chunk_size = push->options->chunk_size};
  return ctd_push_blobs(&shared, &push->items, concurrency, err);
}

static int bytes_check(const struct ctd_buffer *bytes, const char *digest, struct ctd_error *err) {
  char actual[CTD_DIGEST_SIZE];
  if (ctd_sha256_of(bytes->data, bytes->size, actual, err))
    return -1;
  if (strncmp(digest, "sha256:", 7) != 0 || !strcmp(actual, digest))
    return 0;
  return ctd_error_set(err, CTD_DIGEST_MISMATCH, "read %s: its bytes in the daemon have digest %s", digest, actual);
}

static int push_manifest(struct push *push, const struct ctd_descriptor *descriptor, const char *tag,
                         struct ctd_error *err) {
  struct ctd_buffer bytes = {0};
  bool existed;
  int result = ctd_content_read(push->client, descriptor->digest, CTD_MANIFEST_LIMIT, &push->scope, &bytes, err);
  if (!result)
    result = bytes_check(&bytes, descriptor->digest, err);
  const struct ctd_upload_manifest manifest = {.media_type = descriptor->media_type,
                                               .digest = descriptor->digest,
                                               .tag = tag,
                                               .data = bytes.data,
                                               .size = bytes.size};
  if (!result)
    result = ctd_registry_put_manifest(push->registry, push->http, &push->scope, &manifest, &existed, err);
  if (!result)
    ctd_pull_tell(&push->report, descriptor, existed ? CTD_PROGRESS_EXISTS : CTD_PROGRESS_UPLOADED, descriptor->size);
  ctd_buffer_free(&bytes);
  return result;
}

/* The last is the root, which gets the tag. */
static int push_manifests(struct push *push, struct ctd_error *err) {
  const struct ctd_push_items *items = &push->items;
  for (size_t i = 0; i < items->manifest_count; i++) {
    bool last = i == items->manifest_count - 1;
    if (push_manifest(push, &items->manifests[i].node->descriptor, last ? push->reference.tag : NULL, err))
      return -1;
  }
  return 0;
}

static void push_free(struct push *push) {
  ctd_http_close(push->http);
  ctd_registry_close(push->registry);
  ctd_push_items_free(&push->items);
  ctd_image_node_free(&push->tree);
  ctd_descriptor_free(&push->root);
  ctd_reference_free(&push->reference);
  ctd_pull_report_free(&push->report);
}

int ctd_push(struct ctd_client *client, const char *reference, struct ctd_image *image,
             const struct ctd_push_options *options, struct ctd_scope *scope, struct ctd_descriptor *out,
             struct ctd_error *err) {
  struct push push = {.client = ctd_image_client(image), .image = image, .options = options};
  memset(out, 0, sizeof *out);
  if (ctd_reference_parse(&push.reference, reference, err))
    return ctd_client_failed(client, err, "push", "%s", reference);
  ctd_scope_init_within(&push.scope, scope);
  ctd_pull_report_init(&push.report, &options->listener);
  int result =
      push_plan(&push, err) || push_open(&push, client, err) || push_blobs(&push, err) || push_manifests(&push, err);
  if (result)
    ctd_client_failed(client, err, "push", "%s", push.reference.name);
  else
    result = ctd_descriptor_copy(out, &push.root, err);
  push_free(&push);
  return result ? -1 : 0;
}
