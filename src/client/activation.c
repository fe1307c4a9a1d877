#include "client/activation.h"
#include "client/any.h"
#include "client/label_mask.h"
#include "rpc/call.h"
#include "rpc/stream.h"
#include <stdlib.h>
#include <string.h>

#define METHOD(name) "/containerd.services.mounts.v1.Mounts/" name
#define TYPE(name) &containerd__services__mounts__v1__##name##__descriptor

typedef Containerd__Services__Mounts__V1__ActivateRequest ActivateRequest;
typedef Containerd__Services__Mounts__V1__ActivateResponse ActivateResponse;
typedef Containerd__Services__Mounts__V1__DeactivateRequest DeactivateRequest;
typedef Containerd__Services__Mounts__V1__InfoRequest InfoRequest;
typedef Containerd__Services__Mounts__V1__InfoResponse InfoResponse;
typedef Containerd__Services__Mounts__V1__UpdateRequest UpdateRequest;
typedef Containerd__Services__Mounts__V1__UpdateResponse UpdateResponse;
typedef Containerd__Services__Mounts__V1__ListRequest ListRequest;
typedef Containerd__Services__Mounts__V1__ListMessage ListMessage;

int ctd_activation_make(struct ctd_client *client, const ActivateRequest *request, ActivateResponse **reply,
                        struct ctd_scope *scope, struct ctd_error *err) {
  int result = ctd_call(ctd_client_target(client), METHOD("Activate"), &request->base, TYPE(activate_response),
                        (ProtobufCMessage **)reply, scope, err);
  return result < 0 ? ctd_client_failed(client, err, "activate", "mounts %s", request->name) : result;
}

int ctd_activation_end(struct ctd_client *client, const char *name, struct ctd_scope *scope, struct ctd_error *err) {
  DeactivateRequest request = CONTAINERD__SERVICES__MOUNTS__V1__DEACTIVATE_REQUEST__INIT;
  request.name = (char *)name;
  int result = ctd_call(ctd_client_target(client), METHOD("Deactivate"), &request.base, NULL, NULL, scope, err);
  return result < 0 ? ctd_client_failed(client, err, "deactivate", "mounts %s", name) : result;
}

int ctd_activation_info(struct ctd_client *client, const char *name, InfoResponse **reply, struct ctd_scope *scope,
                        struct ctd_error *err) {
  InfoRequest request = CONTAINERD__SERVICES__MOUNTS__V1__INFO_REQUEST__INIT;
  request.name = (char *)name;
  int result = ctd_call(ctd_client_target(client), METHOD("Info"), &request.base, TYPE(info_response),
                        (ProtobufCMessage **)reply, scope, err);
  return result < 0 ? ctd_client_failed(client, err, "info", "mounts %s", name) : result;
}

int ctd_activation_update(struct ctd_client *client, const char *name, const struct ctd_labels *labels,
                          UpdateResponse **reply, struct ctd_scope *scope, struct ctd_error *err) {
  UpdateRequest request = CONTAINERD__SERVICES__MOUNTS__V1__UPDATE_REQUEST__INIT;
  Containerd__Types__ActivationInfo info = CONTAINERD__TYPES__ACTIVATION_INFO__INIT;
  Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
  info.name = (char *)name;
  request.info = &info;
  request.update_mask = &mask;
  int result = ctd_label_mask_make(&mask, labels, err);
  if (!result)
    result = ctd_map_from_labels(labels, &containerd__types__activation_info__labels_entry__descriptor, &info.labels,
                                 &info.n_labels, err);
  if (!result)
    result = ctd_call(ctd_client_target(client), METHOD("Update"), &request.base, TYPE(update_response),
                      (ProtobufCMessage **)reply, scope, err);
  free(info.labels);
  ctd_label_mask_free(&mask);
  return result < 0 ? ctd_client_failed(client, err, "update", "mounts %s", name) : result;
}

static int list_receive(struct ctd_stream *stream, struct ctd_activations *out, struct ctd_error *err) {
  ListMessage *message;
  while (!ctd_stream_receive(stream, (ProtobufCMessage **)&message, err)) {
    ListMessage **items = message ? realloc(out->items, (out->count + 1) * sizeof(ListMessage *)) : NULL;
    if (!message)
      return 0;
    if (!items) {
      protobuf_c_message_free_unpacked(&message->base, NULL);
      return ctd_error_nomem(err);
    }
    out->items = items;
    items[out->count++] = message;
  }
  return -1;
}

int ctd_activation_list(struct ctd_client *client, const char *const *filters, size_t filter_count,
                        struct ctd_scope *scope, struct ctd_activations *out, struct ctd_error *err) {
  ListRequest request = CONTAINERD__SERVICES__MOUNTS__V1__LIST_REQUEST__INIT;
  struct ctd_stream *stream = NULL;
  memset(out, 0, sizeof *out);
  request.filters = (char **)filters;
  request.n_filters = filter_count;
  int result = ctd_stream_request(&stream, ctd_client_target(client), METHOD("List"), &request.base, TYPE(list_message),
                                  scope, err);
  if (!result)
    result = list_receive(stream, out, err);
  ctd_stream_free(stream);
  if (!result)
    return 0;
  ctd_activations_free(out);
  return ctd_client_failed(client, err, "list", "mounts");
}

void ctd_activations_free(struct ctd_activations *activations) {
  for (size_t i = 0; i < activations->count; i++)
    protobuf_c_message_free_unpacked(&activations->items[i]->base, NULL);
  free(activations->items);
  memset(activations, 0, sizeof *activations);
}
