#include "client/lease_resource.h"
#include "base/buffer.h"
#include "client/snapshot.h"
#include "leases.pb-c.h"
#include "rpc/call.h"
#include <stdlib.h>
#include <string.h>

#define METHOD(name) "/containerd.services.leases.v1.Leases/" name

typedef Containerd__Services__Leases__V1__ListResourcesRequest ListRequest;
typedef Containerd__Services__Leases__V1__ListResourcesResponse ListResponse;
typedef Containerd__Services__Leases__V1__AddResourceRequest AddRequest;
typedef Containerd__Services__Leases__V1__DeleteResourceRequest RemoveRequest;
typedef Containerd__Services__Leases__V1__Resource Resource;

static const char *string_put(char **place, const char *string) {
  size_t size = strlen(string) + 1;
  char *copy = memcpy(*place, string, size);
  *place += size;
  return copy;
}

static int resources_read(struct ctd_lease_resources *out, const ListResponse *reply, struct ctd_error *err) {
  size_t count = reply->n_resources, size = count * sizeof *out->items;
  if (!count)
    return 0;
  for (size_t i = 0; i < count; i++)
    size += strlen(reply->resources[i]->type) + strlen(reply->resources[i]->id) + 2;
  out->items = malloc(size);
  if (!out->items)
    return ctd_error_nomem(err);
  char *place = (char *)(out->items + count);
  for (; out->count < count; out->count++) {
    const Resource *resource = reply->resources[out->count];
    out->items[out->count].type = string_put(&place, resource->type);
    out->items[out->count].id = string_put(&place, resource->id);
  }
  return 0;
}

int ctd_lease_resources(struct ctd_client *client, const char *id, struct ctd_scope *scope,
                        struct ctd_lease_resources *out, struct ctd_error *err) {
  ListRequest request = CONTAINERD__SERVICES__LEASES__V1__LIST_RESOURCES_REQUEST__INIT;
  ListResponse *reply = NULL;
  memset(out, 0, sizeof *out);
  request.id = (char *)id;
  int result = ctd_call(ctd_client_target(client), METHOD("ListResources"), &request.base,
                        &containerd__services__leases__v1__list_resources_response__descriptor,
                        (ProtobufCMessage **)&reply, scope, err);
  if (!result)
    result = resources_read(out, reply, err);
  if (reply)
    protobuf_c_message_free_unpacked(&reply->base, NULL);
  return result < 0 ? ctd_client_failed(client, err, "resources", "of lease %s", id) : result;
}

static Resource resource_message(const struct ctd_lease_resource *resource) {
  Resource message = CONTAINERD__SERVICES__LEASES__V1__RESOURCE__INIT;
  message.type = (char *)resource->type;
  message.id = (char *)resource->id;
  return message;
}

int ctd_lease_add(struct ctd_client *client, const char *id, const struct ctd_lease_resource *resource,
                  struct ctd_scope *scope, struct ctd_error *err) {
  AddRequest request = CONTAINERD__SERVICES__LEASES__V1__ADD_RESOURCE_REQUEST__INIT;
  Resource message = resource_message(resource);
  request.id = (char *)id;
  request.resource = &message;
  int result = ctd_call(ctd_client_target(client), METHOD("AddResource"), &request.base, NULL, NULL, scope, err);
  return result < 0 ? ctd_client_failed(client, err, "add", "%s %s to lease %s", resource->type, resource->id, id)
                    : result;
}

int ctd_lease_remove(struct ctd_client *client, const char *id, const struct ctd_lease_resource *resource,
                     struct ctd_scope *scope, struct ctd_error *err) {
  RemoveRequest request = CONTAINERD__SERVICES__LEASES__V1__DELETE_RESOURCE_REQUEST__INIT;
  Resource message = resource_message(resource);
  request.id = (char *)id;
  request.resource = &message;
  int result = ctd_call(ctd_client_target(client), METHOD("DeleteResource"), &request.base, NULL, NULL, scope, err);
  return result < 0 ? ctd_client_failed(client, err, "remove", "%s %s from lease %s", resource->type, resource->id, id)
                    : result;
}

int ctd_lease_hold_snapshot(struct ctd_client *client, const char *snapshotter, const char *key, bool *exists,
                            struct ctd_scope *scope, struct ctd_error *err) {
  char *type = ctd_format(err, "snapshots/%s", snapshotter);
  if (!type)
    return -1;
  const struct ctd_lease_resource snapshot = {type, key};
  int result = ctd_lease_add(client, ctd_client_lease(client), &snapshot, scope, err);
  free(type);
  return result ? -1 : ctd_snapshot_exists(client, snapshotter, key, exists, scope, err);
}
