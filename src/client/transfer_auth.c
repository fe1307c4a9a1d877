#include "client/transfer_auth.h"
#include "oci/reference.h"
#include "registry/auth.h"
#include "transfer_types.pb-c.h"
#include <string.h>

typedef Containerd__Types__Transfer__AuthRequest AuthRequest;
typedef Containerd__Types__Transfer__AuthResponse AuthResponse;

/* What there is for the host; the daemon waits for some answer. */
static int answer_send(struct ctd_streaming *streaming, const struct ctd_credentials *credentials,
                       struct ctd_error *err) {
  AuthResponse response = CONTAINERD__TYPES__TRANSFER__AUTH_RESPONSE__INIT;
  if (credentials->identity_token) {
    response.authtype = CONTAINERD__TYPES__TRANSFER__AUTH_TYPE__REFRESH;
    response.secret = credentials->identity_token;
  } else if (credentials->username && credentials->password) {
    response.authtype = CONTAINERD__TYPES__TRANSFER__AUTH_TYPE__CREDENTIALS;
    response.username = credentials->username;
    response.secret = credentials->password;
  }
  return ctd_streaming_send(streaming, &response.base, err);
}

static bool is_own(const struct ctd_hosts *hosts, const char *authority) {
  for (size_t i = 0; i < hosts->count; i++)
    if (!hosts->items[i].mirror && !strcmp(hosts->items[i].authority, authority))
      return true;
  return false;
}

static int answer(const struct ctd_transfer_registry *registry, const struct ctd_hosts *hosts,
                  struct ctd_streaming *streaming, const AuthRequest *request, struct ctd_scope *scope,
                  struct ctd_error *err) {
  struct ctd_credentials credentials = {0};
  int result = ctd_auth_find(&registry->auth, request->host, is_own(hosts, request->host), scope, &credentials, err);
  if (!result)
    result = answer_send(streaming, &credentials, err);
  ctd_credentials_free(&credentials);
  return result;
}

static int answer_all(const struct ctd_transfer_registry *registry, const struct ctd_hosts *hosts,
                      struct ctd_streaming *streaming, struct ctd_scope *scope, struct ctd_error *err) {
  for (;;) {
    AuthRequest *request;
    if (ctd_streaming_receive(streaming, &containerd__types__transfer__auth_request__descriptor,
                              (ProtobufCMessage **)&request, err))
      return -1;
    if (!request)
      return 0;
    int result = answer(registry, hosts, streaming, request, scope, err);
    protobuf_c_message_free_unpacked(&request->base, NULL);
    if (result)
      return -1;
  }
}

/* The registry's hosts, as far as this side knows them. */
static int hosts_load(struct ctd_hosts *hosts, const struct ctd_transfer_registry *registry,
                      const struct ctd_client *client, struct ctd_error *err) {
  struct ctd_reference reference;
  const char *dir = registry->hosts_dir ? registry->hosts_dir : ctd_client_hosts_dir(client);
  if (ctd_reference_parse(&reference, registry->reference, err))
    return -1;
  int result = ctd_hosts_load(hosts, reference.domain, ctd_client_at_least(client, 2, 0) ? dir : NULL,
                              registry->plain_http, err);
  ctd_reference_free(&reference);
  return result;
}

int ctd_transfer_auth_answer(const struct ctd_transfer_registry *registry, struct ctd_client *client,
                             struct ctd_streaming *streaming, struct ctd_scope *scope, struct ctd_error *err) {
  struct ctd_hosts hosts;
  if (hosts_load(&hosts, registry, client, err))
    return -1;
  int result = answer_all(registry, &hosts, streaming, scope, err);
  ctd_hosts_free(&hosts);
  return result;
}
