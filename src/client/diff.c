#include "client/diff.h"
#include "base/buffer.h"
#include "client/any.h"
#include "rpc/call.h"
#include <stdlib.h>

#define METHOD(name) "/containerd.services.diff.v1.Diff/" name

/* An older daemon would pass over what it doesn't know. */
static int check_known(const struct ctd_client *client, bool asked, const char *option, struct ctd_error *err) {
  if (!asked || ctd_client_at_least(client, 1, 7))
    return 0;
  return ctd_error_set(err, CTD_UNIMPLEMENTED, "%s needs containerd 1.7 or later", option);
}

int ctd_diff_apply(struct ctd_client *client, const Containerd__Services__Diff__V1__ApplyRequest *request,
                   Containerd__Services__Diff__V1__ApplyResponse **reply, struct ctd_scope *scope,
                   struct ctd_error *err) {
  if (check_known(client, request->sync_fs, "sync_fs", err))
    return -1;
  return ctd_call(ctd_client_target(client), METHOD("Apply"), &request->base,
                  &containerd__services__diff__v1__apply_response__descriptor, (ProtobufCMessage **)reply, scope, err);
}

static int apply_descriptor(struct ctd_client *client, Containerd__Types__Descriptor *layer,
                            const struct ctd_mounts *mounts, struct ctd_scope *scope, char **diff_id,
                            struct ctd_error *err) {
  Containerd__Services__Diff__V1__ApplyRequest request = CONTAINERD__SERVICES__DIFF__V1__APPLY_REQUEST__INIT;
  Containerd__Services__Diff__V1__ApplyResponse *reply;
  request.diff = layer;
  request.n_mounts = mounts->count;
  if (ctd_mounts_to_messages(mounts, &request.mounts, err))
    return -1;
  int result = ctd_diff_apply(client, &request, &reply, scope, err);
  free(request.mounts);
  if (result)
    return ctd_error_prefix(err, "unpack layer %s", layer->digest);
  if (diff_id)
    result = ctd_copy_string(diff_id, reply->applied ? reply->applied->digest : "", err);
  protobuf_c_message_free_unpacked(&reply->base, NULL);
  return result;
}

int ctd_diff_apply_layer(struct ctd_client *client, const struct ctd_descriptor *layer, const struct ctd_mounts *mounts,
                         struct ctd_scope *scope, char **diff_id, struct ctd_error *err) {
  Containerd__Types__Descriptor message = CONTAINERD__TYPES__DESCRIPTOR__INIT;
  struct ctd_labels annotations = {0};
  message.media_type = layer->media_type;
  message.digest = layer->digest;
  message.size = layer->size;
  int result = ctd_labels_from_json(&annotations, layer->annotations, err);
  if (!result)
    result = ctd_map_from_labels(&annotations, &containerd__types__descriptor__annotations_entry__descriptor,
                                 &message.annotations, &message.n_annotations, err);
  if (!result)
    result = apply_descriptor(client, &message, mounts, scope, diff_id, err);
  free(message.annotations);
  ctd_labels_free(&annotations);
  return result;
}

int ctd_diff_compare(struct ctd_client *client, const Containerd__Services__Diff__V1__DiffRequest *request,
                     Containerd__Services__Diff__V1__DiffResponse **reply, struct ctd_scope *scope,
                     struct ctd_error *err) {
  if (check_known(client, request->source_date_epoch, "source_date_epoch", err))
    return -1;
  return ctd_call(ctd_client_target(client), METHOD("Diff"), &request->base,
                  &containerd__services__diff__v1__diff_response__descriptor, (ProtobufCMessage **)reply, scope, err);
}
