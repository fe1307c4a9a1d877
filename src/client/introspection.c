#include "client/introspection.h"
#include "google/protobuf/empty.pb-c.h"
#include "health.pb-c.h"
#include "rpc/call.h"

#define METHOD(name) "/containerd.services.introspection.v1.Introspection/" name

int ctd_introspection_server(struct ctd_client *client, Containerd__Services__Introspection__V1__ServerResponse **out,
                             struct ctd_scope *scope, struct ctd_error *err) {
  Google__Protobuf__Empty request = GOOGLE__PROTOBUF__EMPTY__INIT;
  int result = ctd_call(ctd_client_target(client), METHOD("Server"), &request.base,
                        &containerd__services__introspection__v1__server_response__descriptor, (ProtobufCMessage **)out,
                        scope, err);
  return result < 0 ? ctd_client_failed(client, err, "server", "record") : result;
}

int ctd_introspection_plugins(struct ctd_client *client, const char *const *filters, size_t count,
                              Containerd__Services__Introspection__V1__PluginsResponse **out, struct ctd_scope *scope,
                              struct ctd_error *err) {
  Containerd__Services__Introspection__V1__PluginsRequest request =
      CONTAINERD__SERVICES__INTROSPECTION__V1__PLUGINS_REQUEST__INIT;
  request.filters = (char **)filters;
  request.n_filters = count;
  int result = ctd_call(ctd_client_target(client), METHOD("Plugins"), &request.base,
                        &containerd__services__introspection__v1__plugins_response__descriptor,
                        (ProtobufCMessage **)out, scope, err);
  return result < 0 ? ctd_client_failed(client, err, "plugins", "of the daemon") : result;
}

int ctd_introspection_serving(struct ctd_client *client, bool *out, struct ctd_scope *scope, struct ctd_error *err) {
  Grpc__Health__V1__HealthCheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
  Grpc__Health__V1__HealthCheckResponse *reply = NULL;
  int result = ctd_call(ctd_client_target(client), "/grpc.health.v1.Health/Check", &request.base,
                        &grpc__health__v1__health_check_response__descriptor, (ProtobufCMessage **)&reply, scope, err);
  *out = reply && reply->status == GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING;
  if (reply)
    protobuf_c_message_free_unpacked(&reply->base, NULL);
  if (result >= 0)
    return result;
  if (err->code != CTD_UNAVAILABLE)
    return ctd_client_failed(client, err, "serving", "of the daemon");
  ctd_error_clear(err);
  return 0;
}
