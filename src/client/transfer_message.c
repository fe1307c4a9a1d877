#include "client/transfer_message.h"
#include "client/any.h"
#include "client/namespace.h"
#include "oci/platform.h"
#include "oci/reference.h"
#include "transfer_types.pb-c.h"
#include <stdlib.h>

typedef Containerd__Types__Platform Platform;
typedef Containerd__Types__Transfer__OCIRegistry Registry;
typedef Containerd__Types__Transfer__RegistryResolver Resolver;
typedef Containerd__Types__Transfer__ImageStore ImageStore;
typedef Containerd__Types__Transfer__ImageReference ImageReference;
typedef Containerd__Types__Transfer__UnpackConfiguration Unpack;
typedef Containerd__Types__Transfer__ImageImportStream ImportStream;
typedef Containerd__Types__Transfer__ImageExportStream ExportStream;

struct platform {
  struct ctd_platform value;
  Platform message; /* borrows the value's strings */
  Unpack unpack;    /* for this platform */
};

/* Messages for a list of platforms. */
struct platforms {
  struct platform *items;
  Platform **messages;
  Unpack **unpacks;
  size_t count;
};

static int message_pack(struct ctd_typed *out, const ProtobufCMessage *message, struct ctd_error *err) {
  size_t size = protobuf_c_message_get_packed_size(message);
  uint8_t *bytes = malloc(size + 1);
  if (!bytes)
    return ctd_error_nomem(err);
  protobuf_c_message_pack(message, bytes);
  int result = ctd_typed_set(out, message->descriptor->name, bytes, size, err);
  free(bytes);
  return result;
}

static void platforms_free(struct platforms *platforms) {
  free(platforms->items);
  free(platforms->messages);
  free(platforms->unpacks);
}

static int platforms_allocate(struct platforms *platforms, size_t count, struct ctd_error *err) {
  *platforms = (struct platforms){
      .items = calloc(count + 1, sizeof *platforms->items),
      .messages = calloc(count + 1, sizeof(Platform *)),
      .unpacks = calloc(count + 1, sizeof(Unpack *)),
  };
  if (platforms->items && platforms->messages && platforms->unpacks)
    return 0;
  platforms_free(platforms);
  ctd_error_nomem(err);
  return -1;
}

/* NULL: this host's. */
static int platforms_add(struct platforms *platforms, const char *text, struct ctd_error *err) {
  struct platform *platform = &platforms->items[platforms->count];
  if (!text)
    ctd_platform_host(&platform->value);
  else if (ctd_platform_parse(&platform->value, text, err))
    return -1;
  containerd__types__platform__init(&platform->message);
  platform->message.os = platform->value.os;
  platform->message.architecture = platform->value.architecture;
  platform->message.variant = platform->value.variant;
  containerd__types__transfer__unpack_configuration__init(&platform->unpack);
  platform->unpack.platform = &platform->message;
  platforms->messages[platforms->count] = &platform->message;
  platforms->unpacks[platforms->count] = &platform->unpack;
  platforms->count++;
  return 0;
}

static int platforms_make(struct platforms *platforms, const json_t *texts, struct ctd_error *err) {
  if (platforms_allocate(platforms, json_array_size(texts), err))
    return -1;
  for (size_t i = 0; i < json_array_size(texts); i++)
    if (platforms_add(platforms, json_string_value(json_array_get(texts, i)), err)) {
      platforms_free(platforms);
      return -1;
    }
  return 0;
}

static int platforms_make_one(struct platforms *platforms, const char *text, struct ctd_error *err) {
  if (platforms_allocate(platforms, 1, err))
    return -1;
  if (!platforms_add(platforms, text, err))
    return 0;
  platforms_free(platforms);
  return -1;
}

static int too_old(const struct ctd_client *client, const char *what, struct ctd_error *err) {
  return ctd_error_set(err, CTD_UNIMPLEMENTED, "containerd %s takes no %s for what it transfers by itself",
                       ctd_client_version(client), what);
}

static const char *scheme(enum ctd_plain_http plain_http) {
  if (plain_http == CTD_PLAIN_HTTP_LOOPBACK)
    return "";
  return plain_http == CTD_PLAIN_HTTP_ON ? "http" : "https";
}

static int registry_resolver(Resolver *resolver, const struct ctd_client *client,
                             const struct ctd_transfer_registry *registry, struct ctd_error *err) {
  bool knows_hosts = ctd_client_at_least(client, 2, 0);
  if (!knows_hosts && registry->hosts_dir)
    return too_old(client, "hosts_dir", err);
  if (!knows_hosts && registry->plain_http == CTD_PLAIN_HTTP_ON)
    return too_old(client, "plain_http", err);
  if (knows_hosts) {
    resolver->host_dir = (char *)(registry->hosts_dir ? registry->hosts_dir : ctd_client_hosts_dir(client));
    resolver->default_scheme = (char *)scheme(registry->plain_http);
  }
  return ctd_map_from_labels(&registry->headers,
                             &containerd__types__transfer__registry_resolver__headers_entry__descriptor,
                             &resolver->headers, &resolver->n_headers, err);
}

static int registry_message(struct ctd_typed *out, const struct ctd_client *client,
                            const struct ctd_transfer_registry *registry, const char *stream, struct ctd_error *err) {
  Registry message = CONTAINERD__TYPES__TRANSFER__OCIREGISTRY__INIT;
  Resolver resolver = CONTAINERD__TYPES__TRANSFER__REGISTRY_RESOLVER__INIT;
  struct ctd_reference reference;
  if (ctd_reference_parse(&reference, registry->reference, err))
    return -1;
  message.reference = reference.name;
  message.resolver = &resolver;
  resolver.auth_stream = (char *)stream;
  int result = registry_resolver(&resolver, client, registry, err);
  if (!result)
    result = message_pack(out, &message.base, err);
  free(resolver.headers);
  ctd_reference_free(&reference);
  return result;
}

static int image_references(ImageStore *message, const struct ctd_transfer_image *image, ImageReference **storage,
                            struct ctd_error *err) {
  message->extra_references = calloc(image->reference_count + 1, sizeof(ImageReference *));
  *storage = calloc(image->reference_count + 1, sizeof **storage);
  if (!message->extra_references || !*storage)
    return ctd_error_nomem(err);
  for (size_t i = 0; i < image->reference_count; i++) {
    const struct ctd_transfer_reference *reference = &image->references[i];
    ImageReference *extra = message->extra_references[i] = &(*storage)[i];
    containerd__types__transfer__image_reference__init(extra);
    extra->name = (char *)reference->name;
    extra->is_prefix = reference->prefix;
    extra->allow_overwrite = reference->overwrite;
    extra->add_digest = reference->add_digest;
    extra->skip_named_digest = reference->skip_named;
  }
  message->n_extra_references = image->reference_count;
  return 0;
}

/* What a destination is told of platforms, and that it's to unpack for them. */
static int image_platforms(ImageStore *message, struct platforms *platforms, struct ctd_client *client,
                           const struct ctd_transfer_image *image, bool is_source, struct ctd_error *err) {
  bool own = !is_source && !image->platforms;
  int result = own ? platforms_make_one(platforms, ctd_client_platform(client), err)
                   : platforms_make(platforms, image->platforms, err);
  if (result)
    return -1;
  if (!image->all_platforms) {
    message->platforms = platforms->messages;
    message->n_platforms = platforms->count;
  }
  if (!is_source && image->unpack) {
    message->unpacks = platforms->unpacks;
    message->n_unpacks = platforms->count;
  }
  return 0;
}

static int image_fill(ImageStore *message, const struct platforms *platforms, struct ctd_client *client,
                      const struct ctd_transfer_image *image, char **snapshotter, struct ctd_scope *scope,
                      struct ctd_error *err) {
  message->name = (char *)(image->name ? image->name : "");
  message->all_metadata = image->all_metadata;
  message->manifest_limit = (uint32_t)image->manifest_limit;
  if (message->n_unpacks && ctd_choose_snapshotter(client, image->snapshotter, snapshotter, scope, err))
    return -1;
  for (size_t i = 0; i < message->n_unpacks; i++)
    platforms->items[i].unpack.snapshotter = *snapshotter;
  return ctd_map_from_labels(&image->labels, &containerd__types__transfer__image_store__labels_entry__descriptor,
                             &message->labels, &message->n_labels, err);
}

static int image_message(struct ctd_typed *out, struct ctd_client *client, const struct ctd_transfer_image *image,
                         bool is_source, struct ctd_scope *scope, struct ctd_error *err) {
  ImageStore message = CONTAINERD__TYPES__TRANSFER__IMAGE_STORE__INIT;
  ImageReference *references = NULL;
  struct platforms platforms;
  char *snapshotter = NULL;
  if (image_platforms(&message, &platforms, client, image, is_source, err))
    return -1;
  int result = image_fill(&message, &platforms, client, image, &snapshotter, scope, err);
  if (!result)
    result = image_references(&message, image, &references, err);
  if (!result)
    result = message_pack(out, &message.base, err);
  platforms_free(&platforms);
  free(snapshotter);
  free(message.labels);
  free(message.extra_references);
  free(references);
  return result;
}

static int import_message(struct ctd_typed *out, const struct ctd_transfer_archive *archive, const char *stream,
                          struct ctd_error *err) {
  ImportStream message = CONTAINERD__TYPES__TRANSFER__IMAGE_IMPORT_STREAM__INIT;
  message.stream = (char *)stream;
  message.media_type = (char *)(archive->media_type ? archive->media_type : "");
  message.force_compress = archive->force_compress;
  return message_pack(out, &message.base, err);
}

static int export_message(struct ctd_typed *out, const struct ctd_transfer_archive *archive, const char *stream,
                          struct ctd_error *err) {
  ExportStream message = CONTAINERD__TYPES__TRANSFER__IMAGE_EXPORT_STREAM__INIT;
  struct platforms platforms;
  if (platforms_make(&platforms, archive->platforms, err))
    return -1;
  message.stream = (char *)stream;
  message.media_type = (char *)(archive->media_type ? archive->media_type : "");
  message.platforms = platforms.messages;
  message.n_platforms = platforms.count;
  message.all_platforms = archive->all_platforms;
  message.skip_compatibility_manifest = archive->skip_docker_manifest;
  message.skip_non_distributable = archive->skip_non_distributable;
  int result = message_pack(out, &message.base, err);
  platforms_free(&platforms);
  return result;
}

int ctd_transfer_message(struct ctd_typed *out, struct ctd_client *client, const struct ctd_transfer_end *end,
                         bool is_source, const char *stream, struct ctd_scope *scope, struct ctd_error *err) {
  switch (end->kind) {
  case CTD_TRANSFER_REGISTRY:
    return registry_message(out, client, &end->registry, stream, err);
  case CTD_TRANSFER_IMAGE:
    return image_message(out, client, &end->image, is_source, scope, err);
  default:
    return is_source ? import_message(out, &end->archive, stream, err)
                     : export_message(out, &end->archive, stream, err);
  }
}
