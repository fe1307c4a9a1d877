#include "client/insist.h"
#include "client/sandbox.h"
#include <math.h>
#include <string.h>

#define METHOD(name) "/containerd.services.sandbox.v1.Controller/" name
/* How long a shim that was stopped may take to go, in seconds. */
#define GOING_SECONDS 5.0

#define TYPE(name) &containerd__services__sandbox__v1__##name##__descriptor

typedef Containerd__Services__Sandbox__V1__ControllerCreateRequest CreateRequest;
typedef Containerd__Services__Sandbox__V1__ControllerStartRequest StartRequest;
typedef Containerd__Services__Sandbox__V1__ControllerStartResponse StartResponse;
typedef Containerd__Services__Sandbox__V1__ControllerWaitRequest WaitRequest;
typedef Containerd__Services__Sandbox__V1__ControllerWaitResponse WaitResponse;
typedef Containerd__Services__Sandbox__V1__ControllerStatusRequest StatusRequest;
typedef Containerd__Services__Sandbox__V1__ControllerStatusResponse StatusResponse;
typedef Containerd__Services__Sandbox__V1__ControllerStopRequest StopRequest;
typedef Containerd__Services__Sandbox__V1__ControllerShutdownRequest ShutdownRequest;
typedef Containerd__Services__Sandbox__V1__StoreDeleteRequest DeleteRequest;

static const struct ctd_target *target(const struct ctd_sandbox *sandbox) {
  return ctd_client_target(ctd_sandbox_client(sandbox));
}

int ctd_sandbox_begin(struct ctd_sandbox *sandbox, const CreateRequest *options, struct ctd_scope *scope,
                      struct ctd_error *err) {
  const ctd_sandbox_message *record = ctd_sandbox_record(sandbox);
  CreateRequest request = *options;
  request.sandbox_id = record->sandbox_id;
  request.sandboxer = record->sandboxer;
  request.sandbox = (ctd_sandbox_message *)record;
  if (ctd_insist(target(sandbox), METHOD("Create"), &request.base, NULL, NULL, scope, err))
    return -1;
  return ctd_scope_check(scope, err);
}

int ctd_sandbox_start(struct ctd_sandbox *sandbox, StartResponse **reply, struct ctd_scope *scope,
                      struct ctd_error *err) {
  StartRequest request = CONTAINERD__SERVICES__SANDBOX__V1__CONTROLLER_START_REQUEST__INIT;
  request.sandbox_id = ctd_sandbox_record(sandbox)->sandbox_id;
  request.sandboxer = ctd_sandbox_record(sandbox)->sandboxer;
  int result = ctd_call(target(sandbox), METHOD("Start"), &request.base, TYPE(controller_start_response),
                        (ProtobufCMessage **)reply, scope, err);
  return result < 0 ? ctd_sandbox_failed(sandbox, err, "start") : result;
}

int ctd_sandbox_wait(struct ctd_sandbox *sandbox, WaitResponse **reply, struct ctd_scope *scope,
                     struct ctd_error *err) {
  WaitRequest request = CONTAINERD__SERVICES__SANDBOX__V1__CONTROLLER_WAIT_REQUEST__INIT;
  request.sandbox_id = ctd_sandbox_record(sandbox)->sandbox_id;
  request.sandboxer = ctd_sandbox_record(sandbox)->sandboxer;
  int result = ctd_call(target(sandbox), METHOD("Wait"), &request.base, TYPE(controller_wait_response),
                        (ProtobufCMessage **)reply, scope, err);
  return result < 0 ? ctd_sandbox_failed(sandbox, err, "wait") : result;
}

int ctd_sandbox_status(struct ctd_sandbox *sandbox, bool verbose, StatusResponse **reply, struct ctd_scope *scope,
                       struct ctd_error *err) {
  StatusRequest request = CONTAINERD__SERVICES__SANDBOX__V1__CONTROLLER_STATUS_REQUEST__INIT;
  request.sandbox_id = ctd_sandbox_record(sandbox)->sandbox_id;
  request.sandboxer = ctd_sandbox_record(sandbox)->sandboxer;
  request.verbose = verbose;
  int result = ctd_call(target(sandbox), METHOD("Status"), &request.base, TYPE(controller_status_response),
                        (ProtobufCMessage **)reply, scope, err);
  return result < 0 ? ctd_sandbox_failed(sandbox, err, "status") : result;
}

static int stop(struct ctd_sandbox *sandbox, double grace, struct ctd_scope *scope, struct ctd_error *err) {
  StopRequest request = CONTAINERD__SERVICES__SANDBOX__V1__CONTROLLER_STOP_REQUEST__INIT;
  request.sandbox_id = ctd_sandbox_record(sandbox)->sandbox_id;
  request.sandboxer = ctd_sandbox_record(sandbox)->sandboxer;
  request.timeout_secs = (uint32_t)fmin(ceil(grace), UINT32_MAX);
  return ctd_call(target(sandbox), METHOD("Stop"), &request.base, NULL, NULL, scope, err);
}

int ctd_sandbox_stop(struct ctd_sandbox *sandbox, double grace, struct ctd_scope *scope, struct ctd_error *err) {
  int result = stop(sandbox, grace, scope, err);
  return result < 0 ? ctd_sandbox_failed(sandbox, err, "stop") : result;
}

static int shut_down(struct ctd_sandbox *sandbox, struct ctd_scope *scope, struct ctd_error *err) {
  ShutdownRequest request = CONTAINERD__SERVICES__SANDBOX__V1__CONTROLLER_SHUTDOWN_REQUEST__INIT;
  request.sandbox_id = ctd_sandbox_record(sandbox)->sandbox_id;
  request.sandboxer = ctd_sandbox_record(sandbox)->sandboxer;
  return ctd_call(target(sandbox), METHOD("Shutdown"), &request.base, NULL, NULL, scope, err);
}

/* What the controller doesn't know has ended. */
static int absent_is_fine(int result, struct ctd_error *err) {
  if (!result || err->code != CTD_NOT_FOUND)
    return result;
  ctd_error_clear(err);
  return 0;
}

/* The shim has gone, and its daemon hasn't seen that yet. */
static bool is_going(const struct ctd_error *err) {
  return err->code == CTD_UNKNOWN && strstr(err->message, "ttrpc: closed");
}

static int shut_down_absent_too(struct ctd_sandbox *sandbox, struct ctd_scope *scope, struct ctd_error *err) {
  double end = ctd_now_monotonic() + GOING_SECONDS;
  int result = shut_down(sandbox, scope, err);
  while (result && is_going(err) && ctd_now_monotonic() < end && !ctd_scope_sleep(scope, CTD_SLICE, err)) {
    ctd_error_clear(err);
    result = shut_down(sandbox, scope, err);
  }
  return absent_is_fine(result, err);
}

/* Daemons don't give away by their status that there was no record. */
static int explain_forget(struct ctd_client *client, const char *id, struct ctd_scope *scope, struct ctd_error *err) {
  struct ctd_sandbox *sandbox = NULL;
  struct ctd_error reason = {0};
  if (ctd_sandbox_get(client, id, scope, &sandbox, &reason) && reason.code == CTD_NOT_FOUND)
    ctd_error_move(err, &reason);
  ctd_error_clear(&reason);
  ctd_sandbox_unref(sandbox);
  return -1;
}

int ctd_sandbox_forget(struct ctd_client *client, const char *id, struct ctd_scope *scope, struct ctd_error *err) {
  DeleteRequest request = CONTAINERD__SERVICES__SANDBOX__V1__STORE_DELETE_REQUEST__INIT;
  request.sandbox_id = (char *)id;
  int result = ctd_call(ctd_client_target(client), "/containerd.services.sandbox.v1.Store/Delete", &request.base, NULL,
                        NULL, scope, err);
  return result && err->code == CTD_UNKNOWN ? explain_forget(client, id, scope, err) : result;
}

int ctd_sandbox_delete(struct ctd_sandbox *sandbox, struct ctd_scope *scope, struct ctd_error *err) {
  if (!shut_down_absent_too(sandbox, scope, err) &&
      !ctd_sandbox_forget(ctd_sandbox_client(sandbox), ctd_sandbox_id(sandbox), scope, err))
    return 0;
  return ctd_sandbox_failed(sandbox, err, "delete");
}

int ctd_sandbox_end(struct ctd_sandbox *sandbox, struct ctd_scope *scope, struct ctd_error *err) {
  return absent_is_fine(stop(sandbox, 0, scope, err), err) ? -1 : shut_down_absent_too(sandbox, scope, err);
}

int ctd_sandbox_destroy(struct ctd_sandbox *sandbox, struct ctd_scope *scope, struct ctd_error *err) {
  if (!ctd_sandbox_end(sandbox, scope, err) &&
      !ctd_sandbox_forget(ctd_sandbox_client(sandbox), ctd_sandbox_id(sandbox), scope, err))
    return 0;
  return ctd_sandbox_failed(sandbox, err, "delete");
}
