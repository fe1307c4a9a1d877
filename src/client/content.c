#include "client/content.h"
#include "client/any.h"
#include "client/distribution.h"
#include "client/label_mask.h"
#include "content.pb-c.h"
#include "rpc/call.h"
#include "rpc/stream.h"
#include <stdlib.h>
#include <string.h>

#define METHOD(name) "/containerd.services.content.v1.Content/" name

typedef Containerd__Services__Content__V1__InfoRequest InfoRequest;
typedef Containerd__Services__Content__V1__InfoResponse InfoResponse;
typedef Containerd__Services__Content__V1__ReadContentRequest ReadRequest;
typedef Containerd__Services__Content__V1__ReadContentResponse ReadResponse;
typedef Containerd__Services__Content__V1__UpdateRequest UpdateRequest;
typedef Containerd__Services__Content__V1__UpdateResponse UpdateResponse;
typedef Containerd__Services__Content__V1__DeleteContentRequest DeleteRequest;
typedef Containerd__Services__Content__V1__Info Info;

int ctd_content_info_make(struct ctd_content_info *out, const Info *info, struct ctd_error *err) {
  memset(out, 0, sizeof *out);
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
      ctd_call(ctd_client_target(client), METHOD("Info"), &request.base,
               &containerd__services__content__v1__info_response__descriptor, (ProtobufCMessage **)&reply, scope, err);
  if (result)
    return result;
  result = ctd_content_info_make(out, reply->info, err);
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
  return ctd_content_read_part(client, digest, 0, 0, limit, scope, out, err);
}

int ctd_content_read_part(struct ctd_client *client, const char *digest, int64_t offset, int64_t size, size_t limit,
                          struct ctd_scope *scope, struct ctd_buffer *out, struct ctd_error *err) {
  ReadRequest request = CONTAINERD__SERVICES__CONTENT__V1__READ_CONTENT_REQUEST__INIT;
  struct ctd_stream *stream;
  ReadResponse *reply = NULL;
  int result;
  memset(out, 0, sizeof *out);
  request.digest = (char *)digest;
  request.offset = offset;
  request.size = size;
  if (ctd_stream_request(&stream, ctd_client_target(client), METHOD("Read"), &request.base,
                         &containerd__services__content__v1__read_content_response__descriptor, scope, err))
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

/* Without a mask an update would replace all labels: `labels` has some. `out` NULL: what they are then doesn't matter.
 */
static int content_update(struct ctd_client *client, const char *digest, const struct ctd_labels *labels,
                          struct ctd_scope *scope, struct ctd_content_info *out, struct ctd_error *err) {
  UpdateRequest request = CONTAINERD__SERVICES__CONTENT__V1__UPDATE_REQUEST__INIT;
  UpdateResponse *reply = NULL;
  Info info = CONTAINERD__SERVICES__CONTENT__V1__INFO__INIT;
  Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
  int result = -1;
  info.digest = (char *)digest;
  request.info = &info;
  request.update_mask = &mask;
  if (!ctd_label_mask_make(&mask, labels, err) &&
      !ctd_map_from_labels(labels, &containerd__services__content__v1__info__labels_entry__descriptor, &info.labels,
                           &info.n_labels, err))
    result = ctd_call(ctd_client_target(client), METHOD("Update"), &request.base,
                      &containerd__services__content__v1__update_response__descriptor, (ProtobufCMessage **)&reply,
                      scope, err);
  if (!result && out)
    result = ctd_content_info_make(out, reply->info, err);
  if (reply)
    protobuf_c_message_free_unpacked(&reply->base, NULL);
  ctd_label_mask_free(&mask);
  free(info.labels);
  return result;
}

int ctd_content_update(struct ctd_client *client, const char *digest, const struct ctd_labels *changes,
                       struct ctd_scope *scope, struct ctd_content_info *out, struct ctd_error *err) {
  memset(out, 0, sizeof *out);
  return changes->count ? content_update(client, digest, changes, scope, out, err)
                        : ctd_content_info(client, digest, scope, out, err);
}

int ctd_content_delete(struct ctd_client *client, const char *digest, struct ctd_scope *scope, struct ctd_error *err) {
  DeleteRequest request = CONTAINERD__SERVICES__CONTENT__V1__DELETE_CONTENT_REQUEST__INIT;
  request.digest = (char *)digest;
  return ctd_call(ctd_client_target(client), METHOD("Delete"), &request.base, NULL, NULL, scope, err);
}

int ctd_content_label(struct ctd_client *client, const char *digest, const struct ctd_labels *labels,
                      struct ctd_scope *scope, struct ctd_error *err) {
  struct ctd_content_info info = {0};
  struct ctd_labels changes = {0};
  int result = ctd_content_info(client, digest, scope, &info, err);
  if (!result)
    result = labels_to_set(&changes, labels, &info.labels, err);
  if (!result && changes.count)
    result = content_update(client, digest, &changes, scope, NULL, err);
  ctd_labels_free(&changes);
  ctd_content_info_free(&info);
  return result ? ctd_error_prefix(err, "label %s", digest) : 0;
}
