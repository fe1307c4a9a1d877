#include "client/pull.h"
#include "base/buffer.h"
#include "base/json.h"
#include "lua/op.h"
#include "lua/types.h"

struct pull {
  struct ctd_client *client;
  const char *reference;
  struct ctd_pull_options options;
  struct ctd_image *image;
};

#define REGISTRY(member) offsetof(struct pull, options.registry.member)

/* What a table `auth` and the answer of a function `auth` may have. */
struct auth {
  const char *username, *password, *token;
};

static const struct ctd_option auth_fields[] = {
    {"username", ctd_read_string, offsetof(struct auth, username), false},
    {"password", ctd_read_string, offsetof(struct auth, password), false},
    {"token", ctd_read_string, offsetof(struct auth, token), false},
    {NULL, NULL, 0, false},
};

static int copy_field(char **out, const json_t *answer, const char *key, struct ctd_error *err) {
  const char *value;
  return ctd_json_string(answer, key, &value, err) || ctd_copy_string(out, value, err);
}

/* An answer that isn't a table is the host's name, which the function was asked about and has nothing to say to. */
static int ask_credentials(void *context, const char *host, struct ctd_scope *scope,
                           struct ctd_credentials *credentials, struct ctd_error *err) {
  json_t *answer = NULL;
  int result = ctd_upcall_ask(context, "auth", json_string(host), &answer, err);
  (void)scope;
  if (!result && json_is_object(answer))
    result = copy_field(&credentials->username, answer, "username", err) ||
             copy_field(&credentials->password, answer, "password", err) ||
             copy_field(&credentials->identity_token, answer, "token", err);
  json_decref(answer);
  return result ? -1 : 0;
}

static void read_auth(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  struct ctd_auth_options *options = target;
  struct auth auth = {0};
  if (lua_isfunction(L, index)) {
    ctd_method_keep(L, index, name);
    options->credentials = ask_credentials;
    options->credentials_context = op;
    return;
  }
  if (lua_type(L, index) != LUA_TTABLE)
    ctd_read_failed(L, index, op, name, "table or function");
  ctd_fields_read(L, index, op, auth_fields, &auth);
  if (auth.token ? auth.username || auth.password : !auth.username || !auth.password)
    ctd_misuse(L, op, "\"auth\": either username and password or token expected");
  options->username = auth.username;
  options->password = auth.password;
  options->identity_token = auth.token;
}

static void read_plain_http(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  bool on = false;
  ctd_read_boolean(L, index, op, name, &on);
  *(enum ctd_plain_http *)target = on ? CTD_PLAIN_HTTP_ON : CTD_PLAIN_HTTP_OFF;
}

/* The core means its default by 0, and none by less. */
static void read_retries(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  if (lua_type(L, index) == LUA_TNUMBER && lua_tonumber(L, index) == 0)
    *(int *)target = -1;
  else
    ctd_read_count(L, index, op, name, target);
}

static void tell_progress(void *context, const struct ctd_progress *progress) {
  ctd_upcall_progress(context, progress);
}

static void read_progress(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  struct ctd_pull_options *options = target;
  ctd_read_function(L, index, op, name, NULL);
  options->progress = tell_progress;
  options->progress_context = op;
}

static const struct ctd_option pull_arguments[] = {
    {"reference", ctd_read_string, offsetof(struct pull, reference), false},
    {NULL, NULL, 0, false},
};

static const struct ctd_option pull_options[] = {
    {"unpack", ctd_read_boolean, offsetof(struct pull, options.unpack), false},
    {"platform", ctd_read_string, offsetof(struct pull, options.platform), false},
    {"snapshotter", ctd_read_string, offsetof(struct pull, options.snapshotter), false},
    {"labels", ctd_read_labels, offsetof(struct pull, options.labels), false},
    {"max_concurrent", ctd_read_count, offsetof(struct pull, options.max_concurrent), false},
    {"auth", read_auth, REGISTRY(auth), false},
    {"docker_config", ctd_read_boolean, REGISTRY(auth.docker_config), false},
    {"hosts_dir", ctd_read_string, REGISTRY(hosts_dir), false},
    {"plain_http", read_plain_http, REGISTRY(plain_http), false},
    {"retries", read_retries, REGISTRY(retries), false},
    {"idle_timeout", ctd_read_number, REGISTRY(idle_timeout), false},
    {"progress", read_progress, offsetof(struct pull, options), false},
    {NULL, NULL, 0, false},
};

static void pull_parse(lua_State *L, struct ctd_op *op, void *data) {
  struct pull *request = data;
  (void)L;
  (void)op;
  request->options.unpack = true;
  request->options.registry.auth.docker_config = true;
}

static int pull_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct pull *request = data;
  return ctd_pull(request->client, request->reference, &request->options, scope, &request->image, err);
}

static int pull_push(lua_State *L, struct ctd_op *op, void *data) {
  ctd_object_push(L, &ctd_image_type, &((struct pull *)data)->image, op->safe);
  return 1;
}

static void pull_release(void *data) {
  ctd_image_unref(((struct pull *)data)->image);
}

const struct ctd_method ctd_pull_method = {
    .name = "pull",
    .size = sizeof(struct pull),
    .arguments = pull_arguments,
    .options = pull_options,
    .parse = pull_parse,
    .run = pull_run,
    .push = pull_push,
    .release = pull_release,
};
