#include "client/namespace.h"
#include "base/buffer.h"
#include "namespaces.pb-c.h"
#include "rpc/call.h"
#include <string.h>

typedef Containerd__Services__Namespaces__V1__GetNamespaceRequest GetRequest;
typedef Containerd__Services__Namespaces__V1__GetNamespaceResponse GetResponse;

static const char *namespace_label(const GetResponse *reply, const char *key) {
  if (!reply || !reply->namespace_)
    return NULL;
  for (size_t i = 0; i < reply->namespace_->n_labels; i++)
    if (!strcmp(reply->namespace_->labels[i]->key, key))
      return reply->namespace_->labels[i]->value;
  return NULL;
}

int ctd_namespace_default(struct ctd_client *client, const char *key, const char *fallback, char **out,
                          struct ctd_scope *scope, struct ctd_error *err) {
  GetRequest request = CONTAINERD__SERVICES__NAMESPACES__V1__GET_NAMESPACE_REQUEST__INIT;
  GetResponse *reply = NULL;
  request.name = (char *)ctd_client_namespace(client);
  *out = NULL;
  if (ctd_call(ctd_client_target(client), "/containerd.services.namespaces.v1.Namespaces/Get", &request.base,
               &containerd__services__namespaces__v1__get_namespace_response__descriptor, (ProtobufCMessage **)&reply,
               scope, err)) {
    if (err->code != CTD_NOT_FOUND)
      return ctd_error_prefix(err, "read the namespace's labels");
    ctd_error_clear(err);
  }
  const char *label = namespace_label(reply, key);
  int result = ctd_copy_string(out, label && *label ? label : fallback, err);
  if (reply)
    protobuf_c_message_free_unpacked(&reply->base, NULL);
  return result;
}

static int choose(struct ctd_client *client, const char *wanted, const char *own, const char *key, const char *fallback,
                  char **out, struct ctd_scope *scope, struct ctd_error *err) {
  if (wanted || own)
    return ctd_copy_string(out, wanted ? wanted : own, err);
  return ctd_namespace_default(client, key, fallback, out, scope, err);
}

int ctd_choose_snapshotter(struct ctd_client *client, const char *wanted, char **out, struct ctd_scope *scope,
                           struct ctd_error *err) {
  return choose(client, wanted, ctd_client_snapshotter(client), "containerd.io/defaults/snapshotter",
                CTD_DEFAULT_SNAPSHOTTER, out, scope, err);
}

int ctd_choose_runtime(struct ctd_client *client, const char *wanted, char **out, struct ctd_scope *scope,
                       struct ctd_error *err) {
  return choose(client, wanted, ctd_client_runtime(client), "containerd.io/defaults/runtime", CTD_DEFAULT_RUNTIME, out,
                scope, err);
}
