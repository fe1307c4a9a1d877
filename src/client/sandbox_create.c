#include "base/json.h"
#include "client/any.h"
#include "client/insist.h"
#include "client/namespace.h"
#include "client/sandbox.h"
#include "oci/runtime_spec.h"
#include <stdlib.h>
#include <string.h>

#define STORE(name) "/containerd.services.sandbox.v1.Store/" name
#define SPEC_TYPE "types.containerd.io/opencontainers/runtime-spec/1/Spec"

/* How long taking back what was made may last, in seconds. */
#define UNDO_TIMEOUT 10.0

typedef Containerd__Services__Sandbox__V1__StoreCreateRequest CreateRequest;
typedef Containerd__Services__Sandbox__V1__StoreCreateResponse CreateResponse;

/* A sandbox in the making. */
struct creation {
  const char *id;
  const struct ctd_sandbox_options *options;
  char *sandboxer, *runtime, *spec_text;
};

static void creation_free(struct creation *creation) {
  free(creation->sandboxer);
  free(creation->runtime);
  free(creation->spec_text);
}

static int make_spec(struct creation *creation, struct ctd_client *client, struct ctd_error *err) {
  json_t *spec = NULL;
  if (creation->options->spec)
    return ctd_json_dump(creation->options->spec, &creation->spec_text, err);
  int result = ctd_runtime_spec_new(&spec, ctd_client_version(client), ctd_client_namespace(client), creation->id, err);
  if (!result)
    result = ctd_json_dump(spec, &creation->spec_text, err);
  json_decref(spec);
  return result;
}

static int store_record(const struct creation *creation, struct ctd_client *client, CreateResponse **reply,
                        struct ctd_scope *scope, struct ctd_error *err) {
  CreateRequest request = CONTAINERD__SERVICES__SANDBOX__V1__STORE_CREATE_REQUEST__INIT;
  ctd_sandbox_message message = creation->options->record;
  Containerd__Types__Sandbox__Runtime runtime = CONTAINERD__TYPES__SANDBOX__RUNTIME__INIT;
  Google__Protobuf__Any runtime_options = ctd_typed_any(&creation->options->runtime_options);
  Google__Protobuf__Any spec = GOOGLE__PROTOBUF__ANY__INIT;
  spec.type_url = SPEC_TYPE;
  spec.value = (ProtobufCBinaryData){strlen(creation->spec_text), (uint8_t *)creation->spec_text};
  runtime.name = creation->runtime;
  runtime.options = runtime_options.type_url ? &runtime_options : NULL;
  message.sandbox_id = (char *)creation->id;
  message.sandboxer = creation->sandboxer;
  message.runtime = &runtime;
  message.spec = &spec;
  request.sandbox = &message;
  return ctd_insist(ctd_client_target(client), STORE("Create"), &request.base,
                    &containerd__services__sandbox__v1__store_create_response__descriptor, (ProtobufCMessage **)reply,
                    scope, err);
}

/* `sandbox` NULL: no controller was asked to make it. */
static void undo(struct ctd_client *client, const char *id, struct ctd_sandbox *sandbox) {
  struct ctd_error ignored = {0};
  struct ctd_scope scope;
  ctd_scope_init(&scope, UNDO_TIMEOUT);
  if (sandbox)
    ctd_sandbox_end(sandbox, &scope, &ignored);
  ctd_error_clear(&ignored);
  ctd_sandbox_forget(client, id, &scope, &ignored);
  ctd_error_clear(&ignored);
}

static int creation_run(const struct creation *creation, struct ctd_client *client, struct ctd_scope *scope,
                        struct ctd_sandbox **out, struct ctd_error *err) {
  CreateResponse *reply = NULL;
  if (store_record(creation, client, &reply, scope, err))
    return -1;
  ctd_sandbox_message *message = reply->sandbox;
  reply->sandbox = NULL;
  protobuf_c_message_free_unpacked(&reply->base, NULL);
  if (!ctd_sandbox_from_message(client, message, out, err) &&
      !ctd_sandbox_begin(*out, &creation->options->controller, scope, err))
    return 0;
  undo(client, creation->id, *out);
  ctd_sandbox_unref(*out);
  *out = NULL;
  return -1;
}

int ctd_sandbox_create(struct ctd_client *client, const char *id, const struct ctd_sandbox_options *options,
                       struct ctd_scope *scope, struct ctd_sandbox **out, struct ctd_error *err) {
  struct creation creation = {.id = id, .options = options};
  int result = -1;
  *out = NULL;
  if (!ctd_identifier_check("sandbox's id", id, err) &&
      !ctd_choose_sandboxer(client, options->sandboxer, &creation.sandboxer, scope, err) &&
      !ctd_choose_runtime(client, options->runtime, &creation.runtime, scope, err) &&
      !make_spec(&creation, client, err))
    result = creation_run(&creation, client, scope, out, err);
  creation_free(&creation);
  return result ? ctd_client_failed(client, err, "create", "sandbox %s", id) : 0;
}
