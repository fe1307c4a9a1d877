#include "base/buffer.h"
#include "base/json.h"
#include "client/any.h"
#include "client/label_mask.h"
#include "client/sandbox.h"
#include "rpc/call.h"
#include <stdlib.h>
#include <string.h>

#define SPEC_TYPE "types.containerd.io/opencontainers/runtime-spec/1/Spec"

typedef Containerd__Services__Sandbox__V1__StoreUpdateRequest UpdateRequest;
typedef Containerd__Services__Sandbox__V1__StoreUpdateResponse UpdateResponse;

/* A request in the making, with what it owns. */
struct update {
  ctd_sandbox_message message;
  Containerd__Types__Sandbox__Runtime runtime;
  Google__Protobuf__FieldMask mask;
  Google__Protobuf__Any spec;
  char *spec_text;
  Containerd__Types__Sandbox__LabelsEntry **merged;
};

/* Daemons of 1.7 and 2.1 die of a record without a runtime, whether or not that is to change. */
static void update_init(struct update *update, const ctd_sandbox_message *record) {
  containerd__types__sandbox__init(&update->message);
  containerd__types__sandbox__runtime__init(&update->runtime);
  google__protobuf__field_mask__init(&update->mask);
  google__protobuf__any__init(&update->spec);
  update->message.sandbox_id = record->sandbox_id;
  update->message.sandboxer = record->sandboxer;
  update->message.runtime = record->runtime ? record->runtime : &update->runtime;
}

static void update_free(struct update *update) {
  ctd_label_mask_free(&update->mask);
  free(update->merged);
  free(update->spec_text);
}

static int mask_field(struct update *update, const char *field, struct ctd_error *err) {
  return ctd_label_mask_add(&update->mask, ctd_format(err, "%s", field), err);
}

static int fill_spec(struct update *update, const json_t *spec, struct ctd_error *err) {
  if (ctd_json_dump(spec, &update->spec_text, err))
    return -1;
  update->spec.type_url = SPEC_TYPE;
  update->spec.value = (ProtobufCBinaryData){strlen(update->spec_text), (uint8_t *)update->spec_text};
  update->message.spec = &update->spec;
  return mask_field(update, "spec", err);
}

static int fill_labels(struct update *update, const ctd_sandbox_message *record, struct ctd_error *err) {
  update->message.labels = record->labels;
  update->message.n_labels = record->n_labels;
  return mask_field(update, "labels", err);
}

static int merge_labels(struct update *update, const struct ctd_labels *labels, struct ctd_error *err) {
  if (ctd_map_from_labels(labels, &containerd__types__sandbox__labels_entry__descriptor, &update->merged,
                          &update->message.n_labels, err))
    return -1;
  update->message.labels = update->merged;
  return ctd_label_mask_make(&update->mask, labels, err);
}

static int fill_extensions(struct update *update, const ctd_sandbox_message *record, struct ctd_error *err) {
  update->message.extensions = record->extensions;
  update->message.n_extensions = record->n_extensions;
  for (size_t i = 0; i < record->n_extensions; i++)
    if (ctd_label_mask_add(&update->mask, ctd_format(err, "extensions.%s", record->extensions[i]->key), err))
      return -1;
  return 0;
}

static int fill(struct update *update, const struct ctd_sandbox_changes *changes, struct ctd_error *err) {
  if (changes->spec && fill_spec(update, changes->spec, err))
    return -1;
  if (changes->labels && fill_labels(update, &changes->record, err))
    return -1;
  if (changes->labels_merged && merge_labels(update, changes->labels_merged, err))
    return -1;
  return fill_extensions(update, &changes->record, err);
}

static int send(struct ctd_sandbox *sandbox, struct update *update, struct ctd_scope *scope, struct ctd_error *err) {
  UpdateRequest request = CONTAINERD__SERVICES__SANDBOX__V1__STORE_UPDATE_REQUEST__INIT;
  UpdateResponse *reply = NULL;
  request.sandbox = &update->message;
  request.fields = update->mask.paths;
  request.n_fields = update->mask.n_paths;
  int result = ctd_call(ctd_client_target(ctd_sandbox_client(sandbox)), "/containerd.services.sandbox.v1.Store/Update",
                        &request.base, &containerd__services__sandbox__v1__store_update_response__descriptor,
                        (ProtobufCMessage **)&reply, scope, err);
  if (result)
    return result;
  ctd_sandbox_message *message = reply->sandbox;
  reply->sandbox = NULL;
  protobuf_c_message_free_unpacked(&reply->base, NULL);
  return ctd_sandbox_renew(sandbox, message, err);
}

/* Without fields the daemon would replace everything: a change of nothing only reads. */
int ctd_sandbox_update(struct ctd_sandbox *sandbox, const struct ctd_sandbox_changes *changes, struct ctd_scope *scope,
                       struct ctd_error *err) {
  struct update update = {.spec_text = NULL};
  update_init(&update, ctd_sandbox_record(sandbox));
  int result = fill(&update, changes, err);
  if (!result && !update.mask.n_paths) {
    update_free(&update);
    return ctd_sandbox_refresh(sandbox, scope, err);
  }
  if (!result)
    result = send(sandbox, &update, scope, err);
  update_free(&update);
  return result < 0 ? ctd_sandbox_failed(sandbox, err, "update") : result;
}
