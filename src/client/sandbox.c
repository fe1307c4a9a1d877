#include "client/sandbox.h"
#include "client/any.h"
#include "rpc/call.h"
#include <stdlib.h>
#include <string.h>

#define METHOD(name) "/containerd.services.sandbox.v1.Store/" name

typedef Containerd__Services__Sandbox__V1__StoreGetRequest GetRequest;
typedef Containerd__Services__Sandbox__V1__StoreGetResponse GetResponse;
typedef Containerd__Services__Sandbox__V1__StoreListRequest ListRequest;
typedef Containerd__Services__Sandbox__V1__StoreListResponse ListResponse;

/* Records that were read one after the other; others may still look into the older ones. */
struct record {
  ctd_sandbox_message *message;
  struct record *older;
};

struct ctd_sandbox {
  atomic_int references;
  struct ctd_client *client;
  _Atomic(struct record *) newest;
};

static void record_free(struct record *record) {
  protobuf_c_message_free_unpacked(&record->message->base, NULL);
  free(record);
}

/* Takes the message over, also on failure. */
static struct record *record_new(ctd_sandbox_message *message, struct ctd_error *err) {
  if (!message) {
    ctd_error_set(err, CTD_DATA_LOSS, "the answer has no sandbox");
    return NULL;
  }
  struct record *record = calloc(1, sizeof *record);
  if (!record) {
    protobuf_c_message_free_unpacked(&message->base, NULL);
    ctd_error_nomem(err);
    return NULL;
  }
  record->message = message;
  return record;
}

int ctd_sandbox_from_message(struct ctd_client *client, ctd_sandbox_message *message, struct ctd_sandbox **out,
                             struct ctd_error *err) {
  struct record *record = record_new(message, err);
  if (!record)
    return -1;
  struct ctd_sandbox *sandbox = calloc(1, sizeof *sandbox);
  if (!sandbox) {
    record_free(record);
    return ctd_error_nomem(err);
  }
  atomic_init(&sandbox->references, 1);
  atomic_init(&sandbox->newest, record);
  sandbox->client = ctd_client_ref(client);
  *out = sandbox;
  return 0;
}

struct ctd_sandbox *ctd_sandbox_ref(struct ctd_sandbox *sandbox) {
  atomic_fetch_add(&sandbox->references, 1);
  return sandbox;
}

void ctd_sandbox_unref(struct ctd_sandbox *sandbox) {
  if (!sandbox || atomic_fetch_sub(&sandbox->references, 1) > 1)
    return;
  for (struct record *record = sandbox->newest, *older; record; record = older) {
    older = record->older;
    record_free(record);
  }
  ctd_client_unref(sandbox->client);
  free(sandbox);
}

struct ctd_client *ctd_sandbox_client(const struct ctd_sandbox *sandbox) {
  return sandbox->client;
}

const ctd_sandbox_message *ctd_sandbox_record(const struct ctd_sandbox *sandbox) {
  return atomic_load(&sandbox->newest)->message;
}

const char *ctd_sandbox_id(const struct ctd_sandbox *sandbox) {
  return ctd_sandbox_record(sandbox)->sandbox_id;
}

int ctd_sandbox_failed(const struct ctd_sandbox *sandbox, struct ctd_error *err, const char *op) {
  return ctd_client_failed(sandbox->client, err, op, "sandbox %s", ctd_sandbox_id(sandbox));
}

/* The record out of an answer, which no longer has it. */
static ctd_sandbox_message *take(ctd_sandbox_message **place) {
  ctd_sandbox_message *message = *place;
  *place = NULL;
  return message;
}

static int sandbox_read(struct ctd_client *client, const char *id, GetResponse **reply, struct ctd_scope *scope,
                        struct ctd_error *err) {
  GetRequest request = CONTAINERD__SERVICES__SANDBOX__V1__STORE_GET_REQUEST__INIT;
  request.sandbox_id = (char *)id;
  return ctd_call(ctd_client_target(client), METHOD("Get"), &request.base,
                  &containerd__services__sandbox__v1__store_get_response__descriptor, (ProtobufCMessage **)reply, scope,
                  err);
}

int ctd_sandbox_get(struct ctd_client *client, const char *id, struct ctd_scope *scope, struct ctd_sandbox **out,
                    struct ctd_error *err) {
  GetResponse *reply = NULL;
  int result = sandbox_read(client, id, &reply, scope, err);
  if (!result) {
    result = ctd_sandbox_from_message(client, take(&reply->sandbox), out, err);
    protobuf_c_message_free_unpacked(&reply->base, NULL);
  }
  return result < 0 ? ctd_client_failed(client, err, "sandbox", "%s", id) : result;
}

/* Puts the record in front of the others, unless it's the one that is there. */
int ctd_sandbox_renew(struct ctd_sandbox *sandbox, ctd_sandbox_message *message, struct ctd_error *err) {
  struct record *record = record_new(message, err), *newest = atomic_load(&sandbox->newest);
  if (!record)
    return -1;
  do {
    if (ctd_timestamp_seconds(record->message->updated_at) <= ctd_timestamp_seconds(newest->message->updated_at)) {
      record_free(record);
      return 0;
    }
    record->older = newest;
  } while (!atomic_compare_exchange_weak(&sandbox->newest, &newest, record));
  return 0;
}

int ctd_sandbox_refresh(struct ctd_sandbox *sandbox, struct ctd_scope *scope, struct ctd_error *err) {
  GetResponse *reply = NULL;
  int result = sandbox_read(sandbox->client, ctd_sandbox_id(sandbox), &reply, scope, err);
  if (!result) {
    result = ctd_sandbox_renew(sandbox, take(&reply->sandbox), err);
    protobuf_c_message_free_unpacked(&reply->base, NULL);
  }
  return result < 0 ? ctd_sandbox_failed(sandbox, err, "info") : result;
}

static int sandboxes_read(struct ctd_sandboxes *out, struct ctd_client *client, const ListResponse *reply,
                          struct ctd_error *err) {
  if (reply->n_list && !(out->items = calloc(reply->n_list, sizeof(struct ctd_sandbox *))))
    return ctd_error_nomem(err);
  for (size_t i = 0; i < reply->n_list; i++, out->count++)
    if (ctd_sandbox_from_message(client, take(&reply->list[i]), &out->items[i], err)) {
      ctd_sandboxes_free(out);
      return -1;
    }
  return 0;
}

int ctd_sandbox_list(struct ctd_client *client, const char *const *filters, size_t filter_count,
                     struct ctd_scope *scope, struct ctd_sandboxes *out, struct ctd_error *err) {
  ListRequest request = CONTAINERD__SERVICES__SANDBOX__V1__STORE_LIST_REQUEST__INIT;
  ListResponse *reply = NULL;
  memset(out, 0, sizeof *out);
  request.filters = (char **)filters;
  request.n_filters = filter_count;
  int result = ctd_call(ctd_client_target(client), METHOD("List"), &request.base,
                        &containerd__services__sandbox__v1__store_list_response__descriptor,
                        (ProtobufCMessage **)&reply, scope, err);
  if (!result)
    result = sandboxes_read(out, client, reply, err);
  if (reply)
    protobuf_c_message_free_unpacked(&reply->base, NULL);
  return result < 0 ? ctd_client_failed(client, err, "list", "sandboxes") : result;
}

void ctd_sandboxes_free(struct ctd_sandboxes *sandboxes) {
  for (size_t i = 0; i < sandboxes->count; i++)
    ctd_sandbox_unref(sandboxes->items[i]);
  free(sandboxes->items);
  memset(sandboxes, 0, sizeof *sandboxes);
}
