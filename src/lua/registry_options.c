#include "lua/registry_options.h"
#include "base/buffer.h"
#include "base/json.h"
#include "lua/op.h"

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

void ctd_read_auth(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
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

void ctd_read_plain_http(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  bool on = false;
  ctd_read_boolean(L, index, op, name, &on);
  *(enum ctd_plain_http *)target = on ? CTD_PLAIN_HTTP_ON : CTD_PLAIN_HTTP_OFF;
}

/* The core means its default by 0, and none by less. */
void ctd_read_retries(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  if (lua_type(L, index) == LUA_TNUMBER && lua_tonumber(L, index) == 0)
    *(int *)target = -1;
  else
    ctd_read_count(L, index, op, name, target);
}

void ctd_read_platforms(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  ctd_read_strings(L, index, op, name, target);
  if (!json_array_size(*(json_t **)target))
    ctd_misuse(L, op, "\"%s\": no platform is named", name);
}

static void tell_progress(void *context, const struct ctd_progress *progress) {
  ctd_upcall_progress(context, progress);
}

void ctd_read_progress(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  ctd_read_function(L, index, op, name, NULL);
  *(struct ctd_progress_listener *)target = (struct ctd_progress_listener){.tell = tell_progress, .context = op};
}
