#include "client/content.h"
#include "client/distribution.h"
#include "content.pb-c.h"
#include "rpc/call.h"
#include "rpc/stream.h"
#include <stdlib.h>
#include <string.h>

typedef Containerd__Services__Content__V1__InfoRequest InfoRequest;
typedef Containerd__Services__Content__V1__InfoResponse InfoResponse;
typedef Containerd__Services__Content__V1__ReadContentRequest ReadRequest;
typedef Containerd__Services__Content__V1__ReadContentResponse ReadResponse;
typedef Containerd__Services__Content__V1__UpdateRequest UpdateRequest;
typedef Containerd__Services__Content__V1__Info Info;
typedef Containerd__Services__Content__V1__AbortRequest AbortRequest;

static int info_from_message(struct ctd_content_info *out, const Info *info, struct ctd_error *err) {
  if (!info)
    return ctd_error_set(err, CTD_DATA_LOSS, "the answer has no info");
  out->size = info->size;
  out->created = ctd_timestamp_seconds(info->created_at);
  out->updated = ctd_timestamp_seconds(info->updated_at);
  if (!ctd_copy_string(&out->digest, info->digest, err) &&
      !ctd_labels_from_map(&out->labels, info->labels, info->n_labels, err))
    return 0;
  ctd_content_info_free(out);
  return -1;
}

int ctd_content_info(struct ctd_client *client, const char *digest, struct ctd_scope *scope,
                     struct ctd_content_info *out, struct ctd_error *err) {
  InfoRequest request = CONTAINERD__SERVICES__CONTENT__V1__INFO_REQUEST__INIT;
  InfoResponse *reply = NULL;
  memset(out, 0, sizeof *out);
  request.digest = (char *)digest;
  int result =
      ctd_call(ctd_client_target(client), "/containerd.services.content.v1.Content/Info", &request.base,
               &containerd__services__content__v1__info_response__descriptor, (ProtobufCMessage **)&reply, scope, err);
  if (result)
    return result;
  result = info_from_message(out, reply->info, err);
  protobuf_c_message_free_unpacked(&reply->base, NULL);
  return result;
}

void ctd_content_info_free(struct ctd_content_info *info) {
  free(info->digest);
  ctd_labels_free(&info->labels);
  memset(info, 0, sizeof *info);
}

/* Takes over the message. */
static int read_append(struct ctd_buffer *out, ReadResponse *reply, size_t limit, struct ctd_error *err) {
  int result = reply->data.len > limit - out->size
                   ? ctd_error_set(err, CTD_OUT_OF_RANGE, "the blob is larger than %zu bytes", limit)
                   : ctd_buffer_append(out, reply->data.data, reply->data.len, err);
  protobuf_c_message_free_unpacked(&reply->base, NULL);
  return result;
}

int ctd_content_read(struct ctd_client *client, const char *digest, size_t limit, struct ctd_scope *scope,
                     struct ctd_buffer *out, struct ctd_error *err) {
  ReadRequest request = CONTAINERD__SERVICES__CONTENT__V1__READ_CONTENT_REQUEST__INIT;
  struct ctd_stream *stream;
  ReadResponse *reply = NULL;
  int result;
  memset(out, 0, sizeof *out);
  request.digest = (char *)digest;
  if (ctd_stream_request(&stream, ctd_client_target(client), "/containerd.services.content.v1.Content/Read",
                         &request.base, &containerd__services__content__v1__read_content_response__descriptor, scope,
                         err))
    return -1;
  do {
    result = ctd_stream_receive(stream, (ProtobufCMessage **)&reply, err);
    if (!result && reply)
      result = read_append(out, reply, limit, err);
  } while (!result && reply);
  ctd_stream_free(stream);
  if (result)
    ctd_buffer_free(out);
  return result;
}

/* What is left of `labels` when those that `have` holds already are taken out, and lists are merged with its own. */
static int labels_to_set(struct ctd_labels *out, const struct ctd_labels *labels, const struct ctd_labels *have,
                         struct ctd_error *err) {
  for (size_t i = 0; i < labels->count; i++) {
    const char *key = labels->items[i].key, *old = ctd_labels_get(have, key);
    char *value = NULL;
    int result = ctd_distribution_is(key) ? ctd_distribution_add(key, old, labels->items[i].value, &value, err)
                                          : ctd_copy_string(&value, labels->items[i].value, err);
    if (!result && (!old || strcmp(old, value) != 0))
      result = ctd_labels_set(out, key, value, err);
    free(value);
    if (result)
      return result;
  }
  return 0;
}

/* "labels.<key>" for each. The caller frees each and the array. */
static int mask_paths(Google__Protobuf__FieldMask *mask, const struct ctd_labels *labels, struct ctd_error *err) {
  mask->paths = calloc(labels->count, sizeof *mask->paths);
  if (!mask->paths)
    return ctd_error_nomem(err);
  for (mask->n_paths = 0; mask->n_paths < labels->count; mask->n_paths++)
    if (!(mask->paths[mask->n_paths] = ctd_format(err, "labels.%s", labels->items[mask->n_paths].key)))
      return -1;
  return 0;
}

static int content_update(struct ctd_client *client, const char *digest, const struct ctd_labels *labels,
                          struct ctd_scope *scope, struct ctd_error *err) {
  UpdateRequest request = CONTAINERD__SERVICES__CONTENT__V1__UPDATE_REQUEST__INIT;
  Info info = CONTAINERD__SERVICES__CONTENT__V1__INFO__INIT;
  Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
  int result = -1;
  info.digest = (char *)digest;
  request.info = &info;
  request.update_mask = &mask;
  if (!mask_paths(&mask, labels, err) &&
      !ctd_map_from_labels(labels, &containerd__services__content__v1__info__labels_entry__descriptor, &info.labels,
                           &info.n_labels, err))
    result = ctd_call(ctd_client_target(client), "/containerd.services.content.v1.Content/Update", &request.base, NULL,
                      NULL, scope, err);
  for (size_t i = 0; i < mask.n_paths; i++)
    free(mask.paths[i]);
  free(mask.paths);
  free(info.labels);
  return result;
}

int ctd_content_label(struct ctd_client *client, const char *digest, const struct ctd_labels *labels,
                      struct ctd_scope *scope, struct ctd_error *err) {
  struct ctd_content_info info = {0};
  struct ctd_labels changes = {0};
  int result = ctd_content_info(client, digest, scope, &info, err);
  if (!result)
    result = labels_to_set(&changes, labels, &info.labels, err);
  if (!result && changes.count)
    result = content_update(client, digest, &changes, scope, err);
  ctd_labels_free(&changes);
  ctd_content_info_free(&info);
  return result ? ctd_error_prefix(err, "label %s", digest) : 0;
}

int ctd_content_abort(struct ctd_client *client, const char *ref, struct ctd_scope *scope, struct ctd_error *err) {
  AbortRequest request = CONTAINERD__SERVICES__CONTENT__V1__ABORT_REQUEST__INIT;
  request.ref = (char *)ref;
  int result = ctd_call(ctd_client_target(client), "/containerd.services.content.v1.Content/Abort", &request.base, NULL,
                        NULL, scope, err);
  if (!result || err->code != CTD_NOT_FOUND)
    return result;
  ctd_error_clear(err);
  return 0;
}
