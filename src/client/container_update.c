#include "base/buffer.h"
#include "base/json.h"
#include "client/any.h"
#include "client/container.h"
#include "client/label_mask.h"
#include "containers.pb-c.h"
#include "rpc/call.h"
#include <stdlib.h>
#include <string.h>

#define METHOD(name) "/containerd.services.containers.v1.Containers/" name
#define SPEC_TYPE "types.containerd.io/opencontainers/runtime-spec/1/Spec"

typedef Containerd__Services__Containers__V1__Container ContainerMessage;
typedef Containerd__Services__Containers__V1__UpdateContainerRequest UpdateRequest;
typedef Containerd__Services__Containers__V1__UpdateContainerResponse UpdateResponse;

/* A request in the making, with what it owns. */
struct update {
  ContainerMessage message;
  Google__Protobuf__FieldMask mask;
  Google__Protobuf__Any spec;
  char *spec_text;
};

static void update_free(struct update *update) {
  ctd_label_mask_free(&update->mask);
  free(update->message.labels);
  free(update->message.extensions);
  free(update->spec_text);
}

/* The daemon changes the fields of the mask and no others. */
static int mask_field(struct update *update, const char *field, struct ctd_error *err) {
  return ctd_label_mask_add(&update->mask, ctd_format(err, "%s", field), err);
}

static int fill_spec(struct update *update, const json_t *spec, struct ctd_error *err) {
  google__protobuf__any__init(&update->spec);
  if (ctd_json_dump(spec, &update->spec_text, err))
    return -1;
  update->spec.type_url = SPEC_TYPE;
  update->spec.value = (ProtobufCBinaryData){strlen(update->spec_text), (uint8_t *)update->spec_text};
  update->message.spec = &update->spec;
  return mask_field(update, "spec", err);
}

static int fill_labels(struct update *update, const struct ctd_labels *labels, struct ctd_error *err) {
  return ctd_map_from_labels(labels, &containerd__services__containers__v1__container__labels_entry__descriptor,
                             &update->message.labels, &update->message.n_labels, err);
}

/* One by one: the daemon keeps what it has under other names in any case, but else its answer wouldn't have them. */
static int fill_extensions(struct update *update, const struct ctd_extensions *extensions, struct ctd_error *err) {
  if (ctd_extensions_to_map(extensions, &update->message.extensions, &update->message.n_extensions, err))
    return -1;
  for (size_t i = 0; i < extensions->count; i++)
    if (ctd_label_mask_add(&update->mask, ctd_format(err, "extensions.%s", extensions->items[i].name), err))
      return -1;
  return 0;
}

static int fill(struct update *update, const struct ctd_container_changes *changes, struct ctd_error *err) {
  if (changes->spec && fill_spec(update, changes->spec, err))
    return -1;
  if (changes->labels && (fill_labels(update, changes->labels, err) || mask_field(update, "labels", err)))
    return -1;
  if (changes->labels_merged && (fill_labels(update, changes->labels_merged, err) ||
                                 ctd_label_mask_make(&update->mask, changes->labels_merged, err)))
    return -1;
  if (changes->extensions && fill_extensions(update, changes->extensions, err))
    return -1;
  update->message.image = (char *)(changes->image ? changes->image : "");
  if (changes->image && mask_field(update, "image", err))
    return -1;
  update->message.snapshot_key = (char *)(changes->snapshot ? changes->snapshot : "");
  return changes->snapshot ? mask_field(update, "snapshotkey", err) : 0;
}

static int send(struct ctd_container *container, struct update *update, struct ctd_scope *scope,
                struct ctd_error *err) {
  UpdateRequest request = CONTAINERD__SERVICES__CONTAINERS__V1__UPDATE_CONTAINER_REQUEST__INIT;
  UpdateResponse *reply = NULL;
  request.container = &update->message;
  request.update_mask = &update->mask;
  int result = ctd_call(ctd_client_target(ctd_container_client(container)), METHOD("Update"), &request.base,
                        &containerd__services__containers__v1__update_container_response__descriptor,
                        (ProtobufCMessage **)&reply, scope, err);
  if (result)
    return result;
  result = ctd_container_renew(container, reply->container, err);
  protobuf_c_message_free_unpacked(&reply->base, NULL);
  return result;
}

/* Without a mask the daemon would replace everything: a change of nothing only reads. */
int ctd_container_update(struct ctd_container *container, const struct ctd_container_changes *changes,
                         struct ctd_scope *scope, struct ctd_error *err) {
  struct update update = {.spec_text = NULL};
  containerd__services__containers__v1__container__init(&update.message);
  google__protobuf__field_mask__init(&update.mask);
  update.message.id = (char *)ctd_container_id(container);
  int result = fill(&update, changes, err);
  if (!result && !update.mask.n_paths) {
    update_free(&update);
    return ctd_container_refresh(container, scope, err);
  }
  if (!result)
    result = send(container, &update, scope, err);
  update_free(&update);
  return result < 0 ? ctd_client_failed(ctd_container_client(container), err, "update", "container %s",
                                        ctd_container_id(container))
                    : result;
}
