#include "client/container.h"
#include "base/buffer.h"
#include "client/any.h"
#include "containers.pb-c.h"
#include "rpc/call.h"
#include "rpc/stream.h"
#include <stdlib.h>
#include <string.h>

#define METHOD(name) "/containerd.services.containers.v1.Containers/" name

typedef Containerd__Services__Containers__V1__Container ContainerMessage;
typedef Containerd__Services__Containers__V1__GetContainerRequest GetRequest;
typedef Containerd__Services__Containers__V1__GetContainerResponse GetResponse;
typedef Containerd__Services__Containers__V1__ListContainersRequest ListRequest;
typedef Containerd__Services__Containers__V1__ListContainersResponse ListResponse;
typedef Containerd__Services__Containers__V1__ListContainerMessage ListMessage;

/* Records that were read one after the other; others may still look into the older ones. */
struct record {
  struct ctd_container_info info;
  struct record *older;
};

struct ctd_container {
  atomic_int references;
  struct ctd_client *client;
  _Atomic(struct record *) newest;
  atomic_int creating; /* so many tasks; DELETING: none may be, since the container is being deleted */
};

#define DELETING (-1)

static void record_free(struct record *record) {
  struct ctd_container_info *info = &record->info;
  free(info->id);
  free(info->image);
  free(info->runtime);
  free(info->snapshotter);
  free(info->snapshot_key);
  free(info->sandbox);
  free(info->spec);
  ctd_labels_free(&info->labels);
  ctd_typed_free(&info->runtime_options);
  ctd_extensions_free(&info->extensions);
  free(record);
}

static int copy_spec(char **out, const Google__Protobuf__Any *spec, struct ctd_error *err) {
  *out = spec ? strndup((const char *)spec->value.data, spec->value.len) : strdup("");
  return *out ? 0 : ctd_error_nomem(err);
}

static struct record *record_new(const ContainerMessage *message, struct ctd_error *err) {
  if (!message) {
    ctd_error_set(err, CTD_DATA_LOSS, "the answer has no container");
    return NULL;
  }
  struct record *record = calloc(1, sizeof *record);
  if (!record) {
    ctd_error_nomem(err);
    return NULL;
  }
  struct ctd_container_info *info = &record->info;
  info->created = ctd_timestamp_seconds(message->created_at);
  info->updated = ctd_timestamp_seconds(message->updated_at);
  if (ctd_copy_string(&info->id, message->id, err) || ctd_copy_string(&info->image, message->image, err) ||
      ctd_copy_string(&info->runtime, message->runtime ? message->runtime->name : "", err) ||
      ctd_copy_string(&info->snapshotter, message->snapshotter, err) ||
      ctd_copy_string(&info->snapshot_key, message->snapshot_key, err) ||
      ctd_copy_string(&info->sandbox, message->sandbox, err) || copy_spec(&info->spec, message->spec, err) ||
      ctd_labels_from_map(&info->labels, message->labels, message->n_labels, err) ||
      ctd_typed_from_any(&info->runtime_options, message->runtime ? message->runtime->options : NULL, err) ||
      ctd_extensions_from_map(&info->extensions, message->extensions, message->n_extensions, err)) {
    record_free(record);
    return NULL;
  }
  return record;
}

int ctd_container_from_message(struct ctd_client *client, const ContainerMessage *message, struct ctd_container **out,
                               struct ctd_error *err) {
  struct record *record = record_new(message, err);
  if (!record)
    return -1;
  struct ctd_container *container = calloc(1, sizeof *container);
  if (!container) {
    record_free(record);
    return ctd_error_nomem(err);
  }
  atomic_init(&container->references, 1);
  atomic_init(&container->newest, record);
  atomic_init(&container->creating, 0);
  container->client = ctd_client_ref(client);
  *out = container;
  return 0;
}

struct ctd_container *ctd_container_ref(struct ctd_container *container) {
  atomic_fetch_add(&container->references, 1);
  return container;
}

void ctd_container_unref(struct ctd_container *container) {
  if (!container || atomic_fetch_sub(&container->references, 1) > 1)
    return;
  for (struct record *record = container->newest, *older; record; record = older) {
    older = record->older;
    record_free(record);
  }
  ctd_client_unref(container->client);
  free(container);
}

struct ctd_client *ctd_container_client(const struct ctd_container *container) {
  return container->client;
}

const struct ctd_container_info *ctd_container_record(const struct ctd_container *container) {
  return &atomic_load(&container->newest)->info;
}

const char *ctd_container_id(const struct ctd_container *container) {
  return ctd_container_record(container)->id;
}

static int container_read(struct ctd_client *client, const char *id, GetResponse **reply, struct ctd_scope *scope,
                          struct ctd_error *err) {
  GetRequest request = CONTAINERD__SERVICES__CONTAINERS__V1__GET_CONTAINER_REQUEST__INIT;
  request.id = (char *)id;
  return ctd_call(ctd_client_target(client), METHOD("Get"), &request.base,
                  &containerd__services__containers__v1__get_container_response__descriptor, (ProtobufCMessage **)reply,
                  scope, err);
}

int ctd_container_get(struct ctd_client *client, const char *id, struct ctd_scope *scope, struct ctd_container **out,
                      struct ctd_error *err) {
  GetResponse *reply = NULL;
  int result = container_read(client, id, &reply, scope, err);
  if (!result) {
    result = ctd_container_from_message(client, reply->container, out, err);
    protobuf_c_message_free_unpacked(&reply->base, NULL);
  }
  return result < 0 ? ctd_client_failed(client, err, "container", "%s", id) : result;
}

/* Puts the record in front of the others, unless it's the one that is there. */
int ctd_container_renew(struct ctd_container *container, const ContainerMessage *message, struct ctd_error *err) {
  struct record *record = record_new(message, err), *newest = atomic_load(&container->newest);
  if (!record)
    return -1;
  do {
    if (record->info.updated <= newest->info.updated) {
      record_free(record);
      return 0;
    }
    record->older = newest;
  } while (!atomic_compare_exchange_weak(&container->newest, &newest, record));
  return 0;
}

int ctd_container_refresh(struct ctd_container *container, struct ctd_scope *scope, struct ctd_error *err) {
  GetResponse *reply = NULL;
  int result = container_read(container->client, ctd_container_id(container), &reply, scope, err);
  if (!result) {
    result = ctd_container_renew(container, reply->container, err);
    protobuf_c_message_free_unpacked(&reply->base, NULL);
  }
  return result < 0 ? ctd_client_failed(container->client, err, "container", "%s", ctd_container_id(container))
                    : result;
}

static int containers_add(struct ctd_containers *containers, struct ctd_client *client, const ContainerMessage *message,
                          struct ctd_error *err) {
  size_t count = containers->count;
  if ((count & (count - 1)) == 0) { /* full: the sizes are the powers of two */
    struct ctd_container **items = realloc(containers->items, (count ? 2 * count : 1) * sizeof(struct ctd_container *));
    if (!items)
      return ctd_error_nomem(err);
    containers->items = items;
  }
  if (ctd_container_from_message(client, message, &containers->items[count], err))
    return -1;
  containers->count++;
  return 0;
}

/* A stream has no limit of its size. */
static int containers_stream(struct ctd_client *client, const ListRequest *request, struct ctd_scope *scope,
                             struct ctd_containers *out, struct ctd_error *err) {
  struct ctd_stream *stream = NULL;
  ListMessage *message = NULL;
  int result =
      ctd_stream_request(&stream, ctd_client_target(client), METHOD("ListStream"), &request->base,
                         &containerd__services__containers__v1__list_container_message__descriptor, scope, err);
  while (!result && !(result = ctd_stream_receive(stream, (ProtobufCMessage **)&message, err)) && message) {
    result = containers_add(out, client, message->container, err);
    protobuf_c_message_free_unpacked(&message->base, NULL);
  }
  ctd_stream_free(stream);
  return result;
}

static int containers_list(struct ctd_client *client, const ListRequest *request, struct ctd_scope *scope,
                           struct ctd_containers *out, struct ctd_error *err) {
  ListResponse *reply = NULL;
  int result = ctd_call(ctd_client_target(client), METHOD("List"), &request->base,
                        &containerd__services__containers__v1__list_containers_response__descriptor,
                        (ProtobufCMessage **)&reply, scope, err);
  if (result)
    return result;
  for (size_t i = 0; i < reply->n_containers && !result; i++)
    result = containers_add(out, client, reply->containers[i], err);
  protobuf_c_message_free_unpacked(&reply->base, NULL);
  return result;
}

int ctd_container_list(struct ctd_client *client, const char *const *filters, size_t filter_count,
                       struct ctd_scope *scope, struct ctd_containers *out, struct ctd_error *err) {
  ListRequest request = CONTAINERD__SERVICES__CONTAINERS__V1__LIST_CONTAINERS_REQUEST__INIT;
  memset(out, 0, sizeof *out);
  request.filters = (char **)filters;
  request.n_filters = filter_count;
  int result = containers_stream(client, &request, scope, out, err);
  if (result && err->code == CTD_UNIMPLEMENTED) {
    ctd_error_clear(err);
    result = containers_list(client, &request, scope, out, err);
  }
  if (!result)
    return 0;
  ctd_containers_free(out);
  return ctd_client_failed(client, err, "containers", "list");
}

void ctd_containers_free(struct ctd_containers *containers) {
  for (size_t i = 0; i < containers->count; i++)
    ctd_container_unref(containers->items[i]);
  free(containers->items);
  memset(containers, 0, sizeof *containers);
}

int ctd_container_begin_task(struct ctd_container *container, struct ctd_error *err) {
  int creating = atomic_load(&container->creating);
  do
    if (creating == DELETING)
      return ctd_error_set(err, CTD_FAILED_PRECONDITION, "the container is being deleted");
  while (!atomic_compare_exchange_weak(&container->creating, &creating, creating + 1));
  return 0;
}

void ctd_container_end_task(struct ctd_container *container) {
  atomic_fetch_sub(&container->creating, 1);
}

int ctd_container_begin_delete(struct ctd_container *container, struct ctd_scope *scope, struct ctd_error *err) {
  int result = 0, none = 0;
  while (!result && !atomic_compare_exchange_strong(&container->creating, &none, DELETING)) {
    none = 0;
    result = ctd_scope_sleep(scope, CTD_SLICE, err);
  }
  return result;
}

void ctd_container_end_delete(struct ctd_container *container) {
  atomic_store(&container->creating, 0);
}
