#include "client/pull.h"
#include "client/content.h"
#include "client/distribution.h"
#include "client/gc_labels.h"
#include "client/image_load.h"
#include "client/lease.h"
#include "client/namespace.h"
#include "client/pull_layers.h"
#include "client/transfer_pull.h"
#include "client/unpack.h"
#include "oci/reference.h"
#include "registry/fetch.h"
#include <stdlib.h>
#include <string.h>

#define DEFAULT_CONCURRENCY 3

struct pull {
  struct ctd_client *client, *leased;
  const struct ctd_pull_options *options;
  struct ctd_scope *caller; /* what the caller gave us */
  struct ctd_scope scope;   /* within it, for each manifest anew; ends when a part of that fails */
  struct ctd_reference reference;
  struct ctd_registry *registry;
  struct ctd_http *http;
  struct ctd_labels origin;
  struct ctd_pull_report report;
  struct ctd_pull_shared shared;
  struct ctd_resolved resolved;
  struct ctd_descriptor target;
  struct ctd_image_contents contents;
  const struct ctd_image_content *content; /* whose layers are being fetched */
  bool stored;                             /* the blob read last came from the daemon */
  struct ctd_pull_layers *layers;
};

static int pull_open(struct pull *pull, struct ctd_error *err) {
  const struct ctd_reference *reference = &pull->reference;
  struct ctd_registry_options registry = pull->options->registry;
  if (!registry.hosts_dir)
    registry.hosts_dir = ctd_client_hosts_dir(pull->client);
  if (ctd_http_open(&pull->http, err) ||
      ctd_registry_open(&pull->registry, reference->domain, reference->path, reference->name, &registry, err) ||
      ctd_distribution_label(&pull->origin, reference->domain, reference->path, err) ||
      ctd_lease_begin(pull->client, &pull->leased, &pull->scope, err))
    return -1;
  pull->shared = (struct ctd_pull_shared){
      .client = pull->leased,
      .registry = pull->registry,
      .origin = &pull->origin,
      .scope = &pull->scope,
      .report = &pull->report,
  };
  return 0;
}

static int pull_resolve(struct pull *pull, struct ctd_error *err) {
  const struct ctd_reference *reference = &pull->reference;
  const char *tag = reference->digest ? NULL : reference->tag;
  if (ctd_registry_resolve(pull->registry, pull->http, &pull->scope, tag, reference->digest, &pull->resolved, err))
    return -1;
  return ctd_descriptor_make(&pull->target, pull->resolved.media_type, pull->resolved.digest,
                             (int64_t)pull->resolved.bytes.size, err);
}

static int buffer_sink(void *context, const void *data, size_t size, struct ctd_error *err) {
  return ctd_buffer_append(context, data, size, err);
}

static int bytes_check(const struct ctd_buffer *bytes, const char *digest, struct ctd_error *err) {
  char actual[CTD_DIGEST_SIZE];
  if (ctd_sha256_of(bytes->data, bytes->size, actual, err))
    return -1;
  if (!strcmp(actual, digest))
    return 0;
  return ctd_error_set(err, CTD_DIGEST_MISMATCH, "the bytes fetched for %s have digest %s", digest, actual);
}

/* A manifest or config, into memory. Hosts that send something else are asked no more, until none is left. */
static int pull_fetch(struct pull *pull, const struct ctd_descriptor *descriptor, struct ctd_buffer *out,
                      struct ctd_error *err) {
  const struct ctd_blob blob = {
      .media_type = descriptor->media_type, .digest = descriptor->digest, .size = descriptor->size};
  for (;;) {
    ctd_buffer_free(out);
    ctd_error_clear(err);
    if (ctd_registry_fetch(pull->registry, pull->http, &pull->scope, &blob, 0, buffer_sink, out, err))
      return -1;
    if (!bytes_check(out, descriptor->digest, err))
      return 0;
    if (err->code != CTD_DIGEST_MISMATCH)
      return -1;
    ctd_registry_reject(pull->registry, descriptor->digest);
  }
}

/* From what was resolved, from the daemon, or else from the registry. */
static int pull_read(void *context, const struct ctd_descriptor *descriptor, size_t limit, struct ctd_buffer *out,
                     struct ctd_error *err) {
  struct pull *pull = context;
  pull->stored = false;
  if (!strcmp(descriptor->digest, pull->resolved.digest))
    return ctd_buffer_append(out, pull->resolved.bytes.data, pull->resolved.bytes.size, err);
  if (!descriptor->size)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "%s is said to be empty", descriptor->digest);
  if (descriptor->size > (int64_t)limit)
    return ctd_error_set(err, CTD_OUT_OF_RANGE, "%s has more than %zu bytes", descriptor->digest, limit);
  pull->stored = !ctd_content_read(pull->leased, descriptor->digest, limit, &pull->scope, out, err);
  if (pull->stored)
    return 0;
  return err->code == CTD_NOT_FOUND ? pull_fetch(pull, descriptor, out, err) : -1;
}

/* Into the daemon, in one message. */
static int pull_keep(void *context, const struct ctd_descriptor *descriptor, const struct ctd_buffer *bytes,
                     const struct ctd_manifest *manifest, struct ctd_error *err) {
  struct pull *pull = context;
  struct ctd_labels labels = {0};
  char *ref = NULL;
  int result = -1;
  if (!ctd_descriptor_ref(&ref, descriptor, err) && !ctd_labels_copy(&labels, &pull->origin, err) &&
      !(manifest && ctd_gc_labels(&labels, manifest, err)))
    result =
        ctd_content_put(pull->leased, ref, descriptor->digest, bytes->data, bytes->size, &labels, &pull->scope, err);
  if (!result)
    ctd_pull_tell(&pull->report, descriptor, pull->stored ? CTD_PROGRESS_EXISTS : CTD_PROGRESS_DOWNLOADED,
                  descriptor->size);
  ctd_labels_free(&labels);
  free(ref);
  return result;
}

static int pull_load(struct pull *pull, struct ctd_error *err) {
  const struct ctd_image_source source = {.read = pull_read, .keep = pull_keep, .context = pull};
  if (pull->options->all_platforms)
    return ctd_image_load_all(&pull->target, &source, &pull->contents, err);
  return ctd_image_load_platforms(&pull->target, pull->options->platforms, ctd_client_platform(pull->client), &source,
                                  &pull->contents, err);
}

static int layers_start(void *context, size_t first, struct ctd_error *err) {
  struct pull *pull = context;
  int concurrency = pull->options->max_concurrent > 0 ? pull->options->max_concurrent : DEFAULT_CONCURRENCY;
  return ctd_pull_layers_start(&pull->layers, &pull->shared, &pull->content->manifest, first, concurrency, err);
}

static int layers_await(void *context, size_t layer, struct ctd_error *err) {
  struct pull *pull = context;
  return ctd_pull_layers_await(pull->layers, layer, err);
}

static void layers_tell(void *context, size_t layer, enum ctd_progress_state state) {
  struct pull *pull = context;
  const struct ctd_descriptor *descriptor = &pull->content->manifest.layers[layer];
  ctd_pull_tell(&pull->report, descriptor, state, descriptor->size);
}

static int pull_unpack(struct pull *pull, struct ctd_error *err) {
  const struct ctd_layer_source source = {
      .needed = layers_start, .await = layers_await, .progress = layers_tell, .context = pull};
  char *snapshotter;
  if (ctd_choose_snapshotter(pull->client, pull->options->snapshotter, &snapshotter, &pull->scope, err))
    return -1;
  int result = ctd_unpack(pull->leased, snapshotter, &pull->content->manifest, &pull->content->config, &source,
                          &pull->scope, err);
  free(snapshotter);
  return result;
}

static int pull_store(struct pull *pull, struct ctd_error *err) {
  int result = layers_start(pull, 0, err);
  for (size_t i = 0; !result && i < pull->content->manifest.layer_count; i++)
    result = layers_await(pull, i, err);
  return result;
}

static int pull_content(struct pull *pull, const struct ctd_image_content *content, struct ctd_error *err) {
  bool unpack = pull->options->unpack && ctd_content_can_unpack(content);
  if (unpack && pull->options->platform_check && ctd_unpack_check(pull->client, &content->config, err))
    return -1;
  ctd_scope_init_within(&pull->scope, pull->caller);
  pull->content = content;
  int result = unpack ? pull_unpack(pull, err) : pull_store(pull, err);
  ctd_pull_layers_free(pull->layers, result ? err : NULL);
  pull->layers = NULL;
  return result;
}

static int pull_contents(struct pull *pull, struct ctd_error *err) {
  for (size_t i = 0; i < pull->contents.count; i++)
    if (pull_content(pull, &pull->contents.items[i], err))
      return -1;
  return 0;
}

static int pull_run(struct pull *pull, struct ctd_image **out, struct ctd_error *err) {
  if (pull_open(pull, err) || pull_resolve(pull, err) || pull_load(pull, err) || pull_contents(pull, err))
    return -1;
  return ctd_image_put(pull->client, pull->reference.name, &pull->target, &pull->options->labels, pull->caller, out,
                       err);
}

static void pull_free(struct pull *pull) {
  ctd_lease_end(pull->client, pull->leased);
  ctd_image_contents_free(&pull->contents);
  ctd_descriptor_free(&pull->target);
  ctd_resolved_free(&pull->resolved);
  ctd_labels_free(&pull->origin);
  ctd_http_close(pull->http);
  ctd_registry_close(pull->registry);
  ctd_pull_report_free(&pull->report);
}

static int pull_here(struct pull *pull, struct ctd_image **out, struct ctd_error *err) {
  ctd_scope_init_within(&pull->scope, pull->caller);
  ctd_pull_report_init(&pull->report, &pull->options->listener);
  int result = pull_run(pull, out, err);
  pull_free(pull);
  return result;
}

/* The daemon does it, as far as it is meant to and can. */
static int pull_anywhere(struct pull *pull, struct ctd_image **out, struct ctd_error *err) {
  if (pull->options->transfer == CTD_TRANSFER_NEVER)
    return pull_here(pull, out, err);
  if (!ctd_transfer_pull(pull->client, &pull->reference, pull->options, pull->caller, out, err))
    return 0;
  if (pull->options->transfer == CTD_TRANSFER_ALWAYS || err->code != CTD_UNIMPLEMENTED)
    return -1;
  ctd_error_clear(err);
  return pull_here(pull, out, err);
}

int ctd_pull(struct ctd_client *client, const char *reference, const struct ctd_pull_options *options,
             struct ctd_scope *scope, struct ctd_image **out, struct ctd_error *err) {
  struct pull pull = {.client = client, .options = options, .caller = scope};
  *out = NULL;
  if (ctd_reference_parse(&pull.reference, reference, err))
    return ctd_client_failed(client, err, "pull", "%s", reference);
  int result = pull_anywhere(&pull, out, err);
  if (result)
    ctd_client_failed(client, err, "pull", "%s", pull.reference.name);
  ctd_reference_free(&pull.reference);
  return result;
}
