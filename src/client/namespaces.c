#include "base/buffer.h"
#include "client/any.h"
#include "client/label_mask.h"
#include "client/namespace.h"
#include "namespaces.pb-c.h"
#include "rpc/call.h"
#include <stdlib.h>
#include <string.h>

#define METHOD(name) "/containerd.services.namespaces.v1.Namespaces/" name

typedef Containerd__Services__Namespaces__V1__ListNamespacesRequest ListRequest;
typedef Containerd__Services__Namespaces__V1__ListNamespacesResponse ListResponse;
typedef Containerd__Services__Namespaces__V1__CreateNamespaceRequest CreateRequest;
typedef Containerd__Services__Namespaces__V1__GetNamespaceRequest GetRequest;
typedef Containerd__Services__Namespaces__V1__GetNamespaceResponse GetResponse;
typedef Containerd__Services__Namespaces__V1__UpdateNamespaceRequest UpdateRequest;
typedef Containerd__Services__Namespaces__V1__DeleteNamespaceRequest DeleteRequest;
typedef Containerd__Services__Namespaces__V1__Namespace NamespaceMessage;

static const ProtobufCMessageDescriptor *const label_entry =
    &containerd__services__namespaces__v1__namespace__labels_entry__descriptor;

/* A namespace is named by the message already, and the client's own has nothing to do with it. */
static int namespace_failed(struct ctd_error *err, const char *op, const char *name) {
  int result = ctd_error_prefix(err, "%s namespace %s", op, name);
  strncpy(err->op, op, sizeof err->op - 1);
  return result;
}

static int names_read(struct ctd_namespaces *out, const ListResponse *reply, struct ctd_error *err) {
  if (reply->n_namespaces && !(out->names = calloc(reply->n_namespaces, sizeof *out->names)))
    return ctd_error_nomem(err);
  for (; out->count < reply->n_namespaces; out->count++)
    if (ctd_copy_string(&out->names[out->count], reply->namespaces[out->count]->name, err)) {
      ctd_namespaces_free(out);
      return -1;
    }
  return 0;
}

int ctd_namespace_list(struct ctd_client *client, struct ctd_scope *scope, struct ctd_namespaces *out,
                       struct ctd_error *err) {
  ListRequest request = CONTAINERD__SERVICES__NAMESPACES__V1__LIST_NAMESPACES_REQUEST__INIT;
  ListResponse *reply = NULL;
  memset(out, 0, sizeof *out);
  int result = ctd_call(ctd_client_target(client), METHOD("List"), &request.base,
                        &containerd__services__namespaces__v1__list_namespaces_response__descriptor,
                        (ProtobufCMessage **)&reply, scope, err);
  if (!result)
    result = names_read(out, reply, err);
  if (reply)
    protobuf_c_message_free_unpacked(&reply->base, NULL);
  return result < 0 ? ctd_client_failed(client, err, "list", "namespaces") : result;
}

void ctd_namespaces_free(struct ctd_namespaces *namespaces) {
  for (size_t i = 0; i < namespaces->count; i++)
    free(namespaces->names[i]);
  free(namespaces->names);
  memset(namespaces, 0, sizeof *namespaces);
}

int ctd_namespace_create(struct ctd_client *client, const char *name, const struct ctd_labels *labels,
                         struct ctd_scope *scope, struct ctd_error *err) {
  CreateRequest request = CONTAINERD__SERVICES__NAMESPACES__V1__CREATE_NAMESPACE_REQUEST__INIT;
  NamespaceMessage message = CONTAINERD__SERVICES__NAMESPACES__V1__NAMESPACE__INIT;
  message.name = (char *)name;
  request.namespace_ = &message;
  int result = ctd_map_from_labels(labels, label_entry, &message.labels, &message.n_labels, err);
  if (!result)
    result = ctd_call(ctd_client_target(client), METHOD("Create"), &request.base, NULL, NULL, scope, err);
  free(message.labels);
  return result < 0 ? namespace_failed(err, "create", name) : result;
}

int ctd_namespace_labels(struct ctd_client *client, const char *name, struct ctd_scope *scope, struct ctd_labels *out,
                         struct ctd_error *err) {
  GetRequest request = CONTAINERD__SERVICES__NAMESPACES__V1__GET_NAMESPACE_REQUEST__INIT;
  GetResponse *reply = NULL;
  memset(out, 0, sizeof *out);
  request.name = (char *)name;
  int result = ctd_call(ctd_client_target(client), METHOD("Get"), &request.base,
                        &containerd__services__namespaces__v1__get_namespace_response__descriptor,
                        (ProtobufCMessage **)&reply, scope, err);
  if (!result && reply->namespace_)
    result = ctd_labels_from_map(out, reply->namespace_->labels, reply->namespace_->n_labels, err);
  if (result < 0)
    ctd_labels_free(out);
  if (reply)
    protobuf_c_message_free_unpacked(&reply->base, NULL);
  return result < 0 ? namespace_failed(err, "labels", name) : result;
}

/* Without a mask an update would replace all labels: no changes are no update. */
int ctd_namespace_set_labels(struct ctd_client *client, const char *name, const struct ctd_labels *changes,
                             struct ctd_scope *scope, struct ctd_error *err) {
  UpdateRequest request = CONTAINERD__SERVICES__NAMESPACES__V1__UPDATE_NAMESPACE_REQUEST__INIT;
  NamespaceMessage message = CONTAINERD__SERVICES__NAMESPACES__V1__NAMESPACE__INIT;
  Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
  if (!changes->count)
    return 0;
  message.name = (char *)name;
  request.namespace_ = &message;
  request.update_mask = &mask;
  int result = ctd_label_mask_make(&mask, changes, err);
  if (!result)
    result = ctd_map_from_labels(changes, label_entry, &message.labels, &message.n_labels, err);
  if (!result)
    result = ctd_call(ctd_client_target(client), METHOD("Update"), &request.base, NULL, NULL, scope, err);
  ctd_label_mask_free(&mask);
  free(message.labels);
  return result < 0 ? namespace_failed(err, "set_labels", name) : result;
}

int ctd_namespace_delete(struct ctd_client *client, const char *name, struct ctd_scope *scope, struct ctd_error *err) {
  DeleteRequest request = CONTAINERD__SERVICES__NAMESPACES__V1__DELETE_NAMESPACE_REQUEST__INIT;
  request.name = (char *)name;
  int result = ctd_call(ctd_client_target(client), METHOD("Delete"), &request.base, NULL, NULL, scope, err);
  return result < 0 ? namespace_failed(err, "delete", name) : result;
}
