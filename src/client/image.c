#include "client/image.h"
#include "base/buffer.h"
#include "client/any.h"
#include "images.pb-c.h"
#include "rpc/call.h"
#include <stdlib.h>
#include <string.h>

#define METHOD(name) "/containerd.services.images.v1.Images/" name

typedef Containerd__Services__Images__V1__GetImageRequest GetRequest;
typedef Containerd__Services__Images__V1__GetImageResponse GetResponse;
typedef Containerd__Services__Images__V1__ListImagesRequest ListRequest;
typedef Containerd__Services__Images__V1__ListImagesResponse ListResponse;
typedef Containerd__Services__Images__V1__CreateImageRequest CreateRequest;
typedef Containerd__Services__Images__V1__CreateImageResponse CreateResponse;
typedef Containerd__Services__Images__V1__UpdateImageRequest UpdateRequest;
typedef Containerd__Services__Images__V1__UpdateImageResponse UpdateResponse;
typedef Containerd__Services__Images__V1__DeleteImageRequest DeleteRequest;
typedef Containerd__Services__Images__V1__Image ImageMessage;

struct ctd_image {
  atomic_int references;
  struct ctd_client *client;
  char *name;
  struct ctd_descriptor target;
  struct ctd_labels labels;
  double created, updated;
};

struct ctd_image *ctd_image_ref(struct ctd_image *image) {
  atomic_fetch_add(&image->references, 1);
  return image;
}

void ctd_image_unref(struct ctd_image *image) {
  if (!image || atomic_fetch_sub(&image->references, 1) > 1)
    return;
  ctd_client_unref(image->client);
  free(image->name);
  ctd_descriptor_free(&image->target);
  ctd_labels_free(&image->labels);
  free(image);
}

struct ctd_client *ctd_image_client(const struct ctd_image *image) {
  return image->client;
}

const char *ctd_image_name(const struct ctd_image *image) {
  return image->name;
}

const struct ctd_descriptor *ctd_image_target(const struct ctd_image *image) {
  return &image->target;
}

const struct ctd_labels *ctd_image_labels(const struct ctd_image *image) {
  return &image->labels;
}

double ctd_image_created(const struct ctd_image *image) {
  return image->created;
}

double ctd_image_updated(const struct ctd_image *image) {
  return image->updated;
}

static int image_new(struct ctd_image **out, struct ctd_client *client, const ImageMessage *message,
                     struct ctd_error *err) {
  if (!message || !message->target)
    return ctd_error_set(err, CTD_DATA_LOSS, "the answer has no image");
  struct ctd_image *image = calloc(1, sizeof *image);
  if (!image)
    return ctd_error_nomem(err);
  atomic_init(&image->references, 1);
  image->client = ctd_client_ref(client);
  image->created = ctd_timestamp_seconds(message->created_at);
  image->updated = ctd_timestamp_seconds(message->updated_at);
  if (ctd_copy_string(&image->name, message->name, err) ||
      ctd_descriptor_make(&image->target, message->target->media_type, message->target->digest, message->target->size,
                          err) ||
      ctd_labels_from_map(&image->labels, message->labels, message->n_labels, err)) {
    ctd_image_unref(image);
    return -1;
  }
  *out = image;
  return 0;
}

int ctd_image_get(struct ctd_client *client, const char *name, struct ctd_scope *scope, struct ctd_image **out,
                  struct ctd_error *err) {
  GetRequest request = CONTAINERD__SERVICES__IMAGES__V1__GET_IMAGE_REQUEST__INIT;
  GetResponse *reply = NULL;
  request.name = (char *)name;
  int result = ctd_call(ctd_client_target(client), METHOD("Get"), &request.base,
                        &containerd__services__images__v1__get_image_response__descriptor, (ProtobufCMessage **)&reply,
                        scope, err);
  if (!result)
    result = image_new(out, client, reply->image, err);
  if (reply)
    protobuf_c_message_free_unpacked(&reply->base, NULL);
  return result < 0 ? ctd_client_failed(client, err, "image", "%s", name) : result;
}

static int images_read(struct ctd_images *out, struct ctd_client *client, const ListResponse *reply,
                       struct ctd_error *err) {
  if (reply->n_images && !(out->items = calloc(reply->n_images, sizeof(struct ctd_image *))))
    return ctd_error_nomem(err);
  for (; out->count < reply->n_images; out->count++)
    if (image_new(&out->items[out->count], client, reply->images[out->count], err)) {
      ctd_images_free(out);
      return -1;
    }
  return 0;
}

int ctd_image_list(struct ctd_client *client, const char *const *filters, size_t filter_count, struct ctd_scope *scope,
                   struct ctd_images *out, struct ctd_error *err) {
  ListRequest request = CONTAINERD__SERVICES__IMAGES__V1__LIST_IMAGES_REQUEST__INIT;
  ListResponse *reply = NULL;
  memset(out, 0, sizeof *out);
  request.filters = (char **)filters;
  request.n_filters = filter_count;
  int result = ctd_call(ctd_client_target(client), METHOD("List"), &request.base,
                        &containerd__services__images__v1__list_images_response__descriptor,
                        (ProtobufCMessage **)&reply, scope, err);
  if (!result)
    result = images_read(out, client, reply, err);
  if (reply)
    protobuf_c_message_free_unpacked(&reply->base, NULL);
  return result < 0 ? ctd_client_failed(client, err, "images", "list") : result;
}

void ctd_images_free(struct ctd_images *images) {
  for (size_t i = 0; i < images->count; i++)
    ctd_image_unref(images->items[i]);
  free(images->items);
  memset(images, 0, sizeof *images);
}

static int image_create(struct ctd_client *client, ImageMessage *message, struct ctd_scope *scope,
                        struct ctd_image **out, struct ctd_error *err) {
  CreateRequest request = CONTAINERD__SERVICES__IMAGES__V1__CREATE_IMAGE_REQUEST__INIT;
  CreateResponse *reply = NULL;
  request.image = message;
  if (ctd_call(ctd_client_target(client), METHOD("Create"), &request.base,
               &containerd__services__images__v1__create_image_response__descriptor, (ProtobufCMessage **)&reply, scope,
               err))
    return -1;
  int result = image_new(out, client, reply->image, err);
  protobuf_c_message_free_unpacked(&reply->base, NULL);
  return result;
}

/* `mask` NULL: target and labels are replaced. */
static int image_update(struct ctd_client *client, ImageMessage *message, Google__Protobuf__FieldMask *mask,
                        struct ctd_scope *scope, struct ctd_image **out, struct ctd_error *err) {
  UpdateRequest request = CONTAINERD__SERVICES__IMAGES__V1__UPDATE_IMAGE_REQUEST__INIT;
  UpdateResponse *reply = NULL;
  request.image = message;
  request.update_mask = mask;
  int result = ctd_call(ctd_client_target(client), METHOD("Update"), &request.base,
                        &containerd__services__images__v1__update_image_response__descriptor,
                        (ProtobufCMessage **)&reply, scope, err);
  if (result)
    return result;
  result = image_new(out, client, reply->image, err);
  protobuf_c_message_free_unpacked(&reply->base, NULL);
  return result;
}

/* Another client may create or delete the image between two of these steps. */
static int image_write(struct ctd_client *client, ImageMessage *message, struct ctd_scope *scope,
                       struct ctd_image **out, struct ctd_error *err) {
  for (;;) {
    if (!image_create(client, message, scope, out, err))
      return 0;
    if (err->code != CTD_ALREADY_EXISTS)
      return -1;
    ctd_error_clear(err);
    if (!image_update(client, message, NULL, scope, out, err))
      return 0;
    if (err->code != CTD_NOT_FOUND)
      return -1;
    ctd_error_clear(err);
  }
}

/* A message for a request, borrowing all but the labels' array, which the caller frees. */
static int message_fill(ImageMessage *message, Containerd__Types__Descriptor *descriptor, const char *name,
                        const struct ctd_descriptor *target, const struct ctd_labels *labels, struct ctd_error *err) {
  descriptor->media_type = target->media_type;
  descriptor->digest = target->digest;
  descriptor->size = target->size;
  message->name = (char *)name;
  message->target = descriptor;
  return ctd_map_from_labels(labels, &containerd__services__images__v1__image__labels_entry__descriptor,
                             &message->labels, &message->n_labels, err);
}

int ctd_image_put(struct ctd_client *client, const char *name, const struct ctd_descriptor *target,
                  const struct ctd_labels *labels, struct ctd_scope *scope, struct ctd_image **out,
                  struct ctd_error *err) {
  ImageMessage message = CONTAINERD__SERVICES__IMAGES__V1__IMAGE__INIT;
  Containerd__Types__Descriptor descriptor = CONTAINERD__TYPES__DESCRIPTOR__INIT;
  int result = message_fill(&message, &descriptor, name, target, labels, err);
  if (!result)
    result = image_write(client, &message, scope, out, err);
  free(message.labels);
  return result ? ctd_client_failed(client, err, "image", "%s", name) : 0;
}

int ctd_image_create(struct ctd_client *client, const char *name, const struct ctd_descriptor *target,
                     const struct ctd_labels *labels, struct ctd_scope *scope, struct ctd_image **out,
                     struct ctd_error *err) {
  ImageMessage message = CONTAINERD__SERVICES__IMAGES__V1__IMAGE__INIT;
  Containerd__Types__Descriptor descriptor = CONTAINERD__TYPES__DESCRIPTOR__INIT;
  int result = message_fill(&message, &descriptor, name, target, labels, err);
  if (!result)
    result = image_create(client, &message, scope, out, err);
  free(message.labels);
  return result ? ctd_error_prefix(err, "image %s", name) : 0;
}

int ctd_image_tag(struct ctd_image *image, const char *name, bool force, struct ctd_scope *scope,
                  struct ctd_image **out, struct ctd_error *err) {
  ImageMessage message = CONTAINERD__SERVICES__IMAGES__V1__IMAGE__INIT;
  Containerd__Types__Descriptor descriptor = CONTAINERD__TYPES__DESCRIPTOR__INIT;
  int result = message_fill(&message, &descriptor, name, &image->target, &image->labels, err);
  if (!result)
    result = force ? image_write(image->client, &message, scope, out, err)
                   : image_create(image->client, &message, scope, out, err);
  free(message.labels);
  return result ? ctd_client_failed(image->client, err, "tag", "image %s as %s", image->name, name) : 0;
}

/* "labels.<key>" for each; all in one block for free(). */
static int label_paths(char ***out, const struct ctd_labels *labels, struct ctd_error *err) {
  size_t size = labels->count * sizeof **out;
  for (size_t i = 0; i < labels->count; i++)
    size += sizeof "labels." + strlen(labels->items[i].key);
  char **paths = malloc(size + 1);
  if (!paths)
    return ctd_error_nomem(err);
  char *text = (char *)(paths + labels->count);
  for (size_t i = 0; i < labels->count; i++) {
    paths[i] = text;
    text = stpcpy(stpcpy(text, "labels."), labels->items[i].key) + 1;
  }
  *out = paths;
  return 0;
}

int ctd_image_set_labels(struct ctd_image *image, const struct ctd_labels *labels, struct ctd_scope *scope,
                         struct ctd_image **out, struct ctd_error *err) {
  ImageMessage message = CONTAINERD__SERVICES__IMAGES__V1__IMAGE__INIT;
  Containerd__Types__Descriptor descriptor = CONTAINERD__TYPES__DESCRIPTOR__INIT;
  Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
  int result = 0;
  if (!labels->count) /* an empty mask would mean everything */
    return ctd_image_get(image->client, image->name, scope, out, err);
  if (label_paths(&mask.paths, labels, err))
    return -1;
  mask.n_paths = labels->count;
  result = message_fill(&message, &descriptor, image->name, &image->target, labels, err);
  if (!result)
    result = image_update(image->client, &message, &mask, scope, out, err);
  free(message.labels);
  free(mask.paths);
  return result < 0 ? ctd_client_failed(image->client, err, "set_labels", "image %s", image->name) : result;
}

int ctd_image_delete(struct ctd_client *client, const char *name, bool sync, struct ctd_scope *scope,
                     struct ctd_error *err) {
  DeleteRequest request = CONTAINERD__SERVICES__IMAGES__V1__DELETE_IMAGE_REQUEST__INIT;
  request.name = (char *)name;
  request.sync = sync;
  int result = ctd_call(ctd_client_target(client), METHOD("Delete"), &request.base, NULL, NULL, scope, err);
  return result < 0 ? ctd_client_failed(client, err, "delete", "image %s", name) : result;
}
