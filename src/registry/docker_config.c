#include "registry/docker_config.h"

#include "base/buffer.h"
#include "base/json.h"
#include "base/libcrypto.h"
#include "registry/credential_helper.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FILE_LIMIT (1 << 20)
#define DOCKER_HUB_KEY "https://index.docker.io/v1/"

static const char *key_for_host(const char *host) {
  return strcmp(host, "docker.io") == 0 ? DOCKER_HUB_KEY : host;
}

/* Keys are host names, or addresses of which only the host counts: "https://localhost:5000/v2/". */
static bool key_names_host(const char *key, const char *host) {
  const char *scheme_end = strstr(key, "://");
  const char *name = scheme_end ? scheme_end + 3 : key;
  size_t length = strcspn(name, "/");
  const char *path = name + length + (name[length] == '/');
  if (*path && strcmp(path, "v1/") != 0 && strcmp(path, "v2/") != 0 && strcmp(path, "v1") != 0 &&
      strcmp(path, "v2") != 0)
    return false;
  if (strcmp(host, "docker.io") == 0 && length == strlen("index.docker.io") &&
      strncasecmp(name, "index.docker.io", length) == 0)
    return true;
  return length == strlen(host) && strncasecmp(name, host, length) == 0;
}

static json_t *table_find(const json_t *table, const char *host) {
  json_t *value = json_object_get(table, key_for_host(host));
  for (void *at = json_object_iter((json_t *)table); at && !value; at = json_object_iter_next((json_t *)table, at)) {
    if (key_names_host(json_object_iter_key(at), host))
      value = json_object_iter_value(at);
  }
  return value;
}

/* "dXNlcjpwYXNz" → user, pass. */
static int auth_decode(const char *auth, struct ctd_credentials *out, struct ctd_error *err) {
  if (ctd_libcrypto_load(err) < 0)
    return -1;
  size_t size = strlen(auth);
  char *text = malloc(size + 1);
  if (!text)
    return ctd_error_nomem(err);
  int length = EVP_DecodeBlock((unsigned char *)text, (const unsigned char *)auth, (int)size);
  text[length < 0 ? 0 : length] = '\0'; /* the bytes that padding stands for decode to NUL */
  char *colon = strchr(text, ':');
  int result;
  if (length < 0 || !colon) {
    result = ctd_error_set(err, CTD_INVALID_ARGUMENT, "\"auth\" isn't the base64 form of user:password");
  } else {
    *colon = '\0';
    result = ctd_copy_string(&out->username, text, err);
    if (result == 0)
      result = ctd_copy_string(&out->password, colon + 1, err);
  }
  explicit_bzero(text, size + 1);
  free(text);
  return result;
}

static int entry_read(const json_t *entry, struct ctd_credentials *out, struct ctd_error *err) {
  const char *auth = NULL, *username = NULL, *password = NULL, *token = NULL;
  if (ctd_json_string(entry, "auth", &auth, err) < 0 || ctd_json_string(entry, "username", &username, err) < 0 ||
      ctd_json_string(entry, "password", &password, err) < 0 ||
      ctd_json_string(entry, "identitytoken", &token, err) < 0)
    return -1;
  if (token && *token)
    return ctd_copy_string(&out->identity_token, token, err);
  if (auth && *auth)
    return auth_decode(auth, out, err);
  if (!username)
    return 0;
  return ctd_copy_string(&out->username, username, err) < 0 || ctd_copy_string(&out->password, password, err) < 0 ? -1
                                                                                                                  : 0;
}

static int config_get(const json_t *config, const char *host, struct ctd_scope *scope, struct ctd_credentials *out,
                      struct ctd_error *err) {
  json_t *helpers = NULL, *auths = NULL;
  const char *store = NULL;
  if (ctd_json_object(config, "credHelpers", &helpers, err) < 0 || ctd_json_object(config, "auths", &auths, err) < 0 ||
      ctd_json_string(config, "credsStore", &store, err) < 0)
    return -1;
  const char *helper = json_string_value(table_find(helpers, host));
  helper = helper ? helper : store;
  if (helper && *helper && ctd_credential_helper_get(helper, key_for_host(host), scope, out, err) < 0)
    return -1;
  if (out->username || out->identity_token)
    return 0;
  const json_t *entry = table_find(auths, host);
  return json_is_object(entry) ? entry_read(entry, out, err) : 0;
}

/* *path stays NULL where the environment names no place. */
static int config_path(char **path, struct ctd_error *err) {
  const char *directory = getenv("DOCKER_CONFIG"), *home = getenv("HOME");
  if (directory && *directory)
    *path = ctd_format(err, "%s/config.json", directory);
  else if (home && *home)
    *path = ctd_format(err, "%s/.docker/config.json", home);
  else
    return 0;
  return *path ? 0 : -1;
}

static int config_read(json_t **out, const char *path, struct ctd_error *err) {
  struct ctd_buffer text = {0};
  int result = ctd_buffer_read_file(&text, path, FILE_LIMIT, err);
  if (result == 0) {
    result = ctd_json_parse(out, text.data ? text.data : "", text.size, path, err);
  } else if (err->code == CTD_NOT_FOUND) {
    ctd_error_clear(err);
    result = 0;
  }
  if (text.data)
    explicit_bzero(text.data, text.size);
  ctd_buffer_free(&text);
  return result;
}

int ctd_docker_config_get(const char *host, struct ctd_scope *scope, struct ctd_credentials *out,
                          struct ctd_error *err) {
  char *path = NULL;
  json_t *config = NULL;
  *out = (struct ctd_credentials){0};
  int result = config_path(&path, err);
  if (result == 0 && path)
    result = config_read(&config, path, err);
  if (result == 0 && config) {
    result = config_get(config, host, scope, out, err);
    if (result < 0)
      ctd_error_prefix(err, "%s", path);
  }
  if (result < 0)
    ctd_credentials_free(out);
  json_decref(config);
  free(path);
  return result;
}
