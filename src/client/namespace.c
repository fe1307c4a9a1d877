#include "client/namespace.h"
#include "base/buffer.h"
#include "client/sandbox.h"
#include "namespaces.pb-c.h"
#include "rpc/call.h"
#include <stdlib.h>
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

/* *out is NULL for a namespace that doesn't exist. */
static int namespace_read(struct ctd_client *client, GetResponse **out, struct ctd_scope *scope,
                          struct ctd_error *err) {
  GetRequest request = CONTAINERD__SERVICES__NAMESPACES__V1__GET_NAMESPACE_REQUEST__INIT;
  request.name = (char *)ctd_client_namespace(client);
  *out = NULL;
  if (!ctd_call(ctd_client_target(client), "/containerd.services.namespaces.v1.Namespaces/Get", &request.base,
                &containerd__services__namespaces__v1__get_namespace_response__descriptor, (ProtobufCMessage **)out,
                scope, err))
    return 0;
  if (err->code != CTD_NOT_FOUND)
    return ctd_error_prefix(err, "read the namespace's labels");
  ctd_error_clear(err);
  return 0;
}

/* What is chosen: by the caller, by the client, by a label of the namespace, by containerd. */
struct choice {
  const char *wanted, *own, *key, *fallback;
};

/* The namespace is read when a choice is up to it, once for all. `outs` holds NULL. */
static int choose(struct ctd_client *client, const struct choice *choices, char **const *outs, size_t count,
                  struct ctd_scope *scope, struct ctd_error *err) {
  GetResponse *reply = NULL;
  int result = 0;
  bool read = false;
  for (size_t i = 0; i < count && !result; i++) {
    const struct choice *choice = &choices[i];
    const char *chosen = choice->wanted ? choice->wanted : choice->own;
    if (!chosen && !read && (result = namespace_read(client, &reply, scope, err)))
      break;
    read |= !chosen;
    const char *label = chosen ? NULL : namespace_label(reply, choice->key);
    result = ctd_copy_string(outs[i], chosen ? chosen : label && *label ? label : choice->fallback, err);
  }
  if (reply)
    protobuf_c_message_free_unpacked(&reply->base, NULL);
  return result;
}

static struct choice snapshotter_choice(const struct ctd_client *client, const char *wanted) {
  return (struct choice){wanted, ctd_client_snapshotter(client), "containerd.io/defaults/snapshotter",
                         CTD_DEFAULT_SNAPSHOTTER};
}

static struct choice runtime_choice(const struct ctd_client *client, const char *wanted) {
  return (struct choice){wanted, ctd_client_runtime(client), "containerd.io/defaults/runtime", CTD_DEFAULT_RUNTIME};
}

int ctd_choose_snapshotter(struct ctd_client *client, const char *wanted, char **out, struct ctd_scope *scope,
                           struct ctd_error *err) {
  const struct choice choice = snapshotter_choice(client, wanted);
  *out = NULL;
  return choose(client, &choice, &out, 1, scope, err);
}

int ctd_choose_runtime(struct ctd_client *client, const char *wanted, char **out, struct ctd_scope *scope,
                       struct ctd_error *err) {
  const struct choice choice = runtime_choice(client, wanted);
  *out = NULL;
  return choose(client, &choice, &out, 1, scope, err);
}

int ctd_choose_sandboxer(struct ctd_client *client, const char *wanted, char **out, struct ctd_scope *scope,
                         struct ctd_error *err) {
  const struct choice choice = {wanted, NULL, "containerd.io/defaults/sandboxer", CTD_DEFAULT_SANDBOXER};
  *out = NULL;
  return choose(client, &choice, &out, 1, scope, err);
}

int ctd_choose_both(struct ctd_client *client, const char *wanted_snapshotter, const char *wanted_runtime,
                    char **snapshotter, char **runtime, struct ctd_scope *scope, struct ctd_error *err) {
  const struct choice choices[] = {snapshotter_choice(client, wanted_snapshotter),
                                   runtime_choice(client, wanted_runtime)};
  char **const outs[] = {snapshotter, runtime};
  *snapshotter = *runtime = NULL;
  if (!choose(client, choices, outs, 2, scope, err))
    return 0;
  free(*snapshotter);
  *snapshotter = NULL;
  return -1;
}
