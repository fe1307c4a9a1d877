#include "client/ingest.h"
#include "base/buffer.h"
#include "client/any.h"
#include "content.pb-c.h"
#include "rpc/call.h"
#include <stdlib.h>
#include <string.h>

#define METHOD(name) "/containerd.services.content.v1.Content/" name

typedef Containerd__Services__Content__V1__StatusRequest StatusRequest;
typedef Containerd__Services__Content__V1__StatusResponse StatusResponse;
typedef Containerd__Services__Content__V1__ListStatusesRequest ListRequest;
typedef Containerd__Services__Content__V1__ListStatusesResponse ListResponse;
typedef Containerd__Services__Content__V1__AbortRequest AbortRequest;
typedef Containerd__Services__Content__V1__Status Status;

static int ingest_make(struct ctd_ingest *out, const Status *status, struct ctd_error *err) {
  if (!status)
    return ctd_error_set(err, CTD_DATA_LOSS, "the answer has no status");
  out->offset = status->offset;
  out->total = status->total;
  out->started = ctd_timestamp_seconds(status->started_at);
  out->updated = ctd_timestamp_seconds(status->updated_at);
  if (!ctd_copy_string(&out->ref, status->ref, err) && !ctd_copy_string(&out->expected, status->expected, err))
    return 0;
  ctd_ingest_free(out);
  return -1;
}

int ctd_ingest_status(struct ctd_client *client, const char *ref, struct ctd_scope *scope, struct ctd_ingest *out,
                      struct ctd_error *err) {
  StatusRequest request = CONTAINERD__SERVICES__CONTENT__V1__STATUS_REQUEST__INIT;
  StatusResponse *reply = NULL;
  memset(out, 0, sizeof *out);
  request.ref = (char *)ref;
  int result = ctd_call(ctd_client_target(client), METHOD("Status"), &request.base,
                        &containerd__services__content__v1__status_response__descriptor, (ProtobufCMessage **)&reply,
                        scope, err);
  if (!result)
    result = ingest_make(out, reply->status, err);
  if (reply)
    protobuf_c_message_free_unpacked(&reply->base, NULL);
  return result < 0 ? ctd_client_failed(client, err, "status", "ingest %s", ref) : result;
}

static int ingests_read(struct ctd_ingests *out, const ListResponse *reply, struct ctd_error *err) {
  if (reply->n_statuses && !(out->items = calloc(reply->n_statuses, sizeof *out->items)))
    return ctd_error_nomem(err);
  for (; out->count < reply->n_statuses; out->count++)
    if (ingest_make(&out->items[out->count], reply->statuses[out->count], err)) {
      ctd_ingests_free(out);
      return -1;
    }
  return 0;
}

int ctd_ingest_list(struct ctd_client *client, const char *const *filters, size_t filter_count, struct ctd_scope *scope,
                    struct ctd_ingests *out, struct ctd_error *err) {
  ListRequest request = CONTAINERD__SERVICES__CONTENT__V1__LIST_STATUSES_REQUEST__INIT;
  ListResponse *reply = NULL;
  memset(out, 0, sizeof *out);
  request.filters = (char **)filters;
  request.n_filters = filter_count;
  int result = ctd_call(ctd_client_target(client), METHOD("ListStatuses"), &request.base,
                        &containerd__services__content__v1__list_statuses_response__descriptor,
                        (ProtobufCMessage **)&reply, scope, err);
  if (!result)
    result = ingests_read(out, reply, err);
  if (reply)
    protobuf_c_message_free_unpacked(&reply->base, NULL);
  return result < 0 ? ctd_client_failed(client, err, "statuses", "list") : result;
}

void ctd_ingest_free(struct ctd_ingest *ingest) {
  free(ingest->ref);
  free(ingest->expected);
  memset(ingest, 0, sizeof *ingest);
}

void ctd_ingests_free(struct ctd_ingests *ingests) {
  for (size_t i = 0; i < ingests->count; i++)
    ctd_ingest_free(&ingests->items[i]);
  free(ingests->items);
  memset(ingests, 0, sizeof *ingests);
}

int ctd_ingest_abort(struct ctd_client *client, const char *ref, struct ctd_scope *scope, struct ctd_error *err) {
  AbortRequest request = CONTAINERD__SERVICES__CONTENT__V1__ABORT_REQUEST__INIT;
  request.ref = (char *)ref;
  int result = ctd_call(ctd_client_target(client), METHOD("Abort"), &request.base, NULL, NULL, scope, err);
  return result < 0 ? ctd_client_failed(client, err, "abort", "ingest %s", ref) : result;
}
