#include "client/client.h"
#include "base/buffer.h"
#include "client/namespace.h"
#include "rpc/call.h"
#include "version.pb-c.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The strings that all clients of one connection share. */
struct connection {
  atomic_int references;
  struct ctd_channel *channel;
  char *address, *platform, *runtime, *snapshotter, *hosts_dir, *version;
};

struct ctd_client {
  atomic_int references;
  struct connection *connection;
  char *namespace, *lease;
  struct ctd_target target;
};

static void connection_unref(struct connection *connection) {
  if (!connection || atomic_fetch_sub(&connection->references, 1) > 1)
    return;
  ctd_channel_unref(connection->channel);
  free(connection->address);
  free(connection->platform);
  free(connection->runtime);
  free(connection->snapshotter);
  free(connection->hosts_dir);
  free(connection->version);
  free(connection);
}

/* Takes over the caller's reference to the connection, also when it fails. */
static int client_new(struct ctd_client **out, struct connection *connection, const char *namespace, const char *lease,
                      struct ctd_error *err) {
  struct ctd_client *client = calloc(1, sizeof *client);
  *out = NULL;
  if (!client) {
    connection_unref(connection);
    ctd_error_nomem(err);
    return -1;
  }
  atomic_init(&client->references, 1);
  client->connection = connection;
  if (ctd_copy_string(&client->namespace, namespace, err) || ctd_copy_string(&client->lease, lease, err)) {
    ctd_client_unref(client);
    return -1;
  }
  client->target = (struct ctd_target){connection->channel, client->namespace, client->lease};
  *out = client;
  return 0;
}

static int connection_new(struct connection **out, const struct ctd_client_options *options, struct ctd_error *err) {
  const char *address = options->address ? options->address : CTD_DEFAULT_ADDRESS;
  if (!strncmp(address, "unix://", 7))
    address += 7;
  struct connection *connection = calloc(1, sizeof *connection);
  *out = connection;
  if (!connection)
    return ctd_error_nomem(err);
  atomic_init(&connection->references, 1);
  if (ctd_copy_string(&connection->address, address, err) ||
      ctd_copy_string(&connection->platform, options->platform, err) ||
      ctd_copy_string(&connection->runtime, options->runtime, err) ||
      ctd_copy_string(&connection->snapshotter, options->snapshotter, err) ||
      ctd_copy_string(&connection->hosts_dir, options->hosts_dir ? options->hosts_dir : CTD_DEFAULT_HOSTS_DIR, err))
    return -1;
  return ctd_channel_open(&connection->channel, address, err);
}

/* Says what the failed greeting means for the connection, and keeps the peer's own words and status. */
static int greet_failed(const char *address, enum ctd_code code, const char *meaning, struct ctd_error *err) {
  char cause[sizeof err->message];
  int status = err->status;
  memcpy(cause, err->message, sizeof cause);
  ctd_error_set(err, code, "connect to %s: %s: %s", address, meaning, cause);
  err->status = status;
  return -1;
}

static int client_greet(struct ctd_client *client, struct ctd_scope *scope, struct ctd_error *err) {
  struct connection *connection = client->connection;
  const char *address = connection->address;
  struct ctd_version version = {0};
  if (!ctd_client_get_version(client, scope, &version, err)) {
    connection->version = version.version;
    version.version = NULL;
    ctd_version_free(&version);
    return 0;
  }
  switch (err->code) {
  case CTD_UNAVAILABLE:
    return greet_failed(address, CTD_UNAVAILABLE, "the peer does not speak gRPC", err);
  case CTD_UNIMPLEMENTED:
  case CTD_DATA_LOSS:
    return greet_failed(address, CTD_FAILED_PRECONDITION, "the peer is not containerd", err);
  case CTD_DEADLINE_EXCEEDED:
    return greet_failed(address, CTD_DEADLINE_EXCEEDED, "no answer in time", err);
  default:
    return ctd_error_prefix(err, "connect to %s", address);
  }
}

int ctd_client_connect(struct ctd_client **out, const struct ctd_client_options *options, struct ctd_scope *scope,
                       struct ctd_error *err) {
  const char *namespace = options->ns ? options->ns : CTD_DEFAULT_NAMESPACE;
  struct connection *connection = NULL;
  *out = NULL;
  if (ctd_identifier_check("namespace", namespace, err))
    return -1;
  if (connection_new(&connection, options, err)) {
    connection_unref(connection);
  } else if (!client_new(out, connection, namespace, NULL, err)) {
    if (!client_greet(*out, scope, err))
      return 0;
    ctd_client_unref(*out);
    *out = NULL;
  }
  snprintf(err->op, sizeof err->op, "connect");
  return -1;
}

struct ctd_client *ctd_client_ref(struct ctd_client *client) {
  atomic_fetch_add(&client->references, 1);
  return client;
}

void ctd_client_unref(struct ctd_client *client) {
  if (!client || atomic_fetch_sub(&client->references, 1) > 1)
    return;
  connection_unref(client->connection);
  free(client->namespace);
  free(client->lease);
  free(client);
}

static struct connection *connection_ref(const struct ctd_client *client) {
  atomic_fetch_add(&client->connection->references, 1);
  return client->connection;
}

int ctd_client_with_namespace(struct ctd_client *client, const char *namespace, struct ctd_client **out,
                              struct ctd_error *err) {
  if (ctd_identifier_check("namespace", namespace, err))
    return -1;
  return client_new(out, connection_ref(client), namespace, NULL, err);
}

int ctd_client_with_lease(struct ctd_client *client, const char *lease, struct ctd_client **out,
                          struct ctd_error *err) {
  return client_new(out, connection_ref(client), client->namespace, lease, err);
}

const struct ctd_target *ctd_client_target(const struct ctd_client *client) {
  return &client->target;
}

const char *ctd_client_address(const struct ctd_client *client) {
  return client->connection->address;
}

const char *ctd_client_namespace(const struct ctd_client *client) {
  return client->namespace;
}

const char *ctd_client_lease(const struct ctd_client *client) {
  return client->lease;
}

const char *ctd_client_platform(const struct ctd_client *client) {
  return client->connection->platform;
}

const char *ctd_client_runtime(const struct ctd_client *client) {
  return client->connection->runtime;
}

const char *ctd_client_snapshotter(const struct ctd_client *client) {
  return client->connection->snapshotter;
}

const char *ctd_client_hosts_dir(const struct ctd_client *client) {
  return client->connection->hosts_dir;
}

const char *ctd_client_version(const struct ctd_client *client) {
  return client->connection->version;
}

bool ctd_client_at_least(const struct ctd_client *client, int major, int minor) {
  int have_major = 0, have_minor = 0;
  const char *version = client->connection->version;
  sscanf(version + (*version == 'v'), "%d.%d", &have_major, &have_minor);
  return have_major > major || (have_major == major && have_minor >= minor);
}

int ctd_client_get_version(struct ctd_client *client, struct ctd_scope *scope, struct ctd_version *out,
                           struct ctd_error *err) {
  Google__Protobuf__Empty request = GOOGLE__PROTOBUF__EMPTY__INIT;
  Containerd__Services__Version__V1__VersionResponse *reply = NULL;
  int result = ctd_call(&client->target, "/containerd.services.version.v1.Version/Version", &request.base,
                        &containerd__services__version__v1__version_response__descriptor, (ProtobufCMessage **)&reply,
                        scope, err);
  memset(out, 0, sizeof *out);
  if (!result &&
      (ctd_copy_string(&out->version, reply->version, err) || ctd_copy_string(&out->revision, reply->revision, err))) {
    ctd_version_free(out);
    result = -1;
  }
  if (reply)
    protobuf_c_message_free_unpacked(&reply->base, NULL);
  return result;
}

void ctd_version_free(struct ctd_version *version) {
  free(version->version);
  free(version->revision);
  memset(version, 0, sizeof *version);
}

int ctd_client_failed(const struct ctd_client *client, struct ctd_error *err, const char *op, const char *object, ...) {
  char what[512];
  va_list args;
  va_start(args, object);
  vsnprintf(what, sizeof what, object, args);
  va_end(args);
  bool named = *err->op; /* somebody further in has named the namespace */
  snprintf(err->op, sizeof err->op, "%s", op);
  if (named || !client->namespace)
    return ctd_error_prefix(err, "%s %s", op, what);
  return ctd_error_prefix(err, "%s %s in namespace %s", op, what, client->namespace);
}

/* As containerd's identifiers package: words of letters and digits, joined by single characters of "-_.". */
int ctd_identifier_check(const char *what, const char *id, struct ctd_error *err) {
  size_t size = strlen(id);
  if (!size)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "the %s must not be empty", what);
  if (size > 76)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "the %s \"%s\" is longer than 76 bytes", what, id);
  for (size_t i = 0; i < size; i++) {
    bool joint = strchr("-_.", id[i]) != NULL;
    bool lonely = i == 0 || i + 1 == size || strchr("-_.", id[i - 1]);
    if (joint ? lonely : !isalnum((unsigned char)id[i]))
      return ctd_error_set(err, CTD_INVALID_ARGUMENT,
                           "the %s \"%s\" must be letters and digits, joined by single - _ or .", what, id);
  }
  return 0;
}
