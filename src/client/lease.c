#include "client/lease.h"
#include "base/buffer.h"
#include "client/any.h"
#include "client/insist.h"
#include "client/unique.h"
#include "leases.pb-c.h"
#include "rpc/call.h"
#include <stdlib.h>
#include <string.h>

#define METHOD(name) "/containerd.services.leases.v1.Leases/" name

/* How long ending a lease may take, in seconds. */
#define END_TIMEOUT 5.0

/* Later than this, in seconds from now, isn't a time that the daemon can read. */
#define EXPIRY_LIMIT 1e11

typedef Containerd__Services__Leases__V1__CreateRequest CreateRequest;
typedef Containerd__Services__Leases__V1__CreateResponse CreateResponse;
typedef Containerd__Services__Leases__V1__DeleteRequest DeleteRequest;
typedef Containerd__Services__Leases__V1__ListRequest ListRequest;
typedef Containerd__Services__Leases__V1__ListResponse ListResponse;
typedef Containerd__Services__Leases__V1__Lease LeaseMessage;

struct ctd_lease {
  atomic_int references;
  struct ctd_client *client;
  char *id;
  struct ctd_labels labels;
  double created;
};

struct ctd_lease *ctd_lease_ref(struct ctd_lease *lease) {
  atomic_fetch_add(&lease->references, 1);
  return lease;
}

void ctd_lease_unref(struct ctd_lease *lease) {
  if (!lease || atomic_fetch_sub(&lease->references, 1) > 1)
    return;
  ctd_client_unref(lease->client);
  free(lease->id);
  ctd_labels_free(&lease->labels);
  free(lease);
}

struct ctd_client *ctd_lease_client(const struct ctd_lease *lease) {
  return lease->client;
}

const char *ctd_lease_id(const struct ctd_lease *lease) {
  return lease->id;
}

const struct ctd_labels *ctd_lease_labels(const struct ctd_lease *lease) {
  return &lease->labels;
}

double ctd_lease_created(const struct ctd_lease *lease) {
  return lease->created;
}

int ctd_lease_check_id(const char *id, struct ctd_error *err) {
  for (const char *c = id; *c; c++)
    if (*c <= ' ' || *c > '~')
      return ctd_error_set(err, CTD_INVALID_ARGUMENT, "the lease's id must be printable ASCII without spaces");
  return *id ? 0 : ctd_error_set(err, CTD_INVALID_ARGUMENT, "the lease's id must not be empty");
}

static int lease_new(struct ctd_lease **out, struct ctd_client *client, const LeaseMessage *message,
                     struct ctd_error *err) {
  if (!message)
    return ctd_error_set(err, CTD_DATA_LOSS, "the answer has no lease");
  struct ctd_lease *lease = calloc(1, sizeof *lease);
  if (!lease)
    return ctd_error_nomem(err);
  atomic_init(&lease->references, 1);
  lease->client = ctd_client_ref(client);
  lease->created = ctd_timestamp_seconds(message->created_at);
  if (ctd_copy_string(&lease->id, message->id, err) ||
      ctd_labels_from_map(&lease->labels, message->labels, message->n_labels, err)) {
    ctd_lease_unref(lease);
    return -1;
  }
  *out = lease;
  return 0;
}

static int labels_set_expiry(struct ctd_labels *labels, double expires, struct ctd_error *err) {
  char expiry[32];
  if (isinf(expires))
    return 0;
  if (expires > EXPIRY_LIMIT)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "a lease can't expire %g seconds from now", expires);
  ctd_format_time(ctd_now_epoch() + expires, expiry, sizeof expiry);
  return ctd_labels_set(labels, "containerd.io/gc.expire", expiry, err);
}

/* A call that makes the lease, broken off by the scope's end (ctd_call) or not (ctd_insist). */
typedef int (*call_function)(const struct ctd_target *target, const char *method, const ProtobufCMessage *request,
                             const ProtobufCMessageDescriptor *type, ProtobufCMessage **reply, struct ctd_scope *scope,
                             struct ctd_error *err);

static int create_send(struct ctd_client *client, const char *id, const struct ctd_labels *labels, call_function call,
                       CreateResponse **reply, struct ctd_scope *scope, struct ctd_error *err) {
  CreateRequest request = CONTAINERD__SERVICES__LEASES__V1__CREATE_REQUEST__INIT;
  request.id = (char *)id;
  if (ctd_map_from_labels(labels, &containerd__services__leases__v1__create_request__labels_entry__descriptor,
                          &request.labels, &request.n_labels, err))
    return -1;
  int result =
      call(ctd_client_target(client), METHOD("Create"), &request.base,
           &containerd__services__leases__v1__create_response__descriptor, (ProtobufCMessage **)reply, scope, err);
  free(request.labels);
  return result;
}

/* Whatever became of the operation: in a scope of its own, and for what it's worth. */
static void lease_drop(struct ctd_client *client, const char *id) {
  struct ctd_scope scope;
  struct ctd_error ignored = {0};
  ctd_scope_init(&scope, END_TIMEOUT);
  ctd_lease_delete(client, id, false, &scope, &ignored);
  ctd_error_clear(&ignored);
}

static int lease_give(struct ctd_client *client, const CreateResponse *reply, struct ctd_scope *scope,
                      struct ctd_lease **out, struct ctd_error *err) {
  struct ctd_lease *lease = NULL;
  if (ctd_scope_check(scope, err) || lease_new(&lease, client, reply->lease, err))
    return -1;
  *out = lease;
  return 0;
}

int ctd_lease_create(struct ctd_client *client, const struct ctd_lease_options *options, struct ctd_scope *scope,
                     struct ctd_lease **out, struct ctd_error *err) {
  char unique[CTD_UNIQUE_SIZE];
  const char *id = options->id ? options->id : unique;
  struct ctd_labels labels = {0};
  CreateResponse *reply = NULL;
  int result = -1;
  ctd_unique(unique);
  if (ctd_lease_check_id(id, err) || ctd_labels_copy(&labels, &options->labels, err) ||
      labels_set_expiry(&labels, options->expires, err))
    goto out;
  result = create_send(client, id, &labels, ctd_insist, &reply, scope, err);
  if (!result)
    result = lease_give(client, reply, scope, out, err);
  if (result && (reply || !options->id)) /* another's lease may have the id that was asked for */
    lease_drop(client, id);
out:
  if (reply)
    protobuf_c_message_free_unpacked(&reply->base, NULL);
  ctd_labels_free(&labels);
  return result ? ctd_client_failed(client, err, "lease", "%s", id) : 0;
}

static int leases_read(struct ctd_leases *out, struct ctd_client *client, const ListResponse *reply,
                       struct ctd_error *err) {
  if (reply->n_leases && !(out->items = calloc(reply->n_leases, sizeof(struct ctd_lease *))))
    return ctd_error_nomem(err);
  for (; out->count < reply->n_leases; out->count++)
    if (lease_new(&out->items[out->count], client, reply->leases[out->count], err)) {
      ctd_leases_free(out);
      return -1;
    }
  return 0;
}

int ctd_lease_list(struct ctd_client *client, const char *const *filters, size_t filter_count, struct ctd_scope *scope,
                   struct ctd_leases *out, struct ctd_error *err) {
  ListRequest request = CONTAINERD__SERVICES__LEASES__V1__LIST_REQUEST__INIT;
  ListResponse *reply = NULL;
  memset(out, 0, sizeof *out);
  request.filters = (char **)filters;
  request.n_filters = filter_count;
  int result =
      ctd_call(ctd_client_target(client), METHOD("List"), &request.base,
               &containerd__services__leases__v1__list_response__descriptor, (ProtobufCMessage **)&reply, scope, err);
  if (!result)
    result = leases_read(out, client, reply, err);
  if (reply)
    protobuf_c_message_free_unpacked(&reply->base, NULL);
  return result < 0 ? ctd_client_failed(client, err, "list", "leases") : result;
}

void ctd_leases_free(struct ctd_leases *leases) {
  for (size_t i = 0; i < leases->count; i++)
    ctd_lease_unref(leases->items[i]);
  free(leases->items);
  memset(leases, 0, sizeof *leases);
}

int ctd_lease_delete(struct ctd_client *client, const char *id, bool sync, struct ctd_scope *scope,
                     struct ctd_error *err) {
  DeleteRequest request = CONTAINERD__SERVICES__LEASES__V1__DELETE_REQUEST__INIT;
  request.id = (char *)id;
  request.sync = sync;
  int result = ctd_call(ctd_client_target(client), METHOD("Delete"), &request.base, NULL, NULL, scope, err);
  return result < 0 ? ctd_client_failed(client, err, "delete", "lease %s", id) : result;
}

int ctd_lease_begin(struct ctd_client *client, struct ctd_client **out, struct ctd_scope *scope,
                    struct ctd_error *err) {
  char id[CTD_UNIQUE_SIZE];
  struct ctd_labels labels = {0};
  CreateResponse *reply = NULL;
  *out = NULL;
  if (ctd_client_lease(client)) {
    *out = ctd_client_ref(client);
    return 0;
  }
  ctd_unique(id);
  int result = labels_set_expiry(&labels, CTD_LEASE_EXPIRY, err);
  if (!result)
    result = create_send(client, id, &labels, ctd_call, &reply, scope, err);
  if (!result)
    result = ctd_client_with_lease(client, id, out, err);
  if (reply)
    protobuf_c_message_free_unpacked(&reply->base, NULL);
  ctd_labels_free(&labels);
  if (!result)
    return 0;
  lease_drop(client, id); /* a call that was cancelled may have come through */
  return ctd_error_prefix(err, "create a lease");
}

void ctd_lease_end(struct ctd_client *client, struct ctd_client *leased) {
  if (leased && !ctd_client_lease(client))
    lease_drop(client, ctd_client_lease(leased));
  ctd_client_unref(leased);
}
