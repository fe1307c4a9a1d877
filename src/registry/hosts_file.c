#include "registry/hosts_file.h"

#include "base/json.h"
#include "base/toml.h"
#include "registry/url.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FILE_LIMIT 65536

/* A string as it stands, or each string of a list. */
typedef int (*string_fn)(struct ctd_host *host, const char *directory, const char *string, struct ctd_error *err);

static int strings_each(struct ctd_host *host, const char *directory, const json_t *value, const char *key,
                        string_fn use, struct ctd_error *err) {
  if (!value)
    return 0;
  if (json_is_string(value))
    return use(host, directory, json_string_value(value), err);
  if (!json_is_array(value))
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "%s: expected a string or a list of strings", key);
  for (size_t i = 0; i < json_array_size(value); i++) {
    const char *string = json_string_value(json_array_get(value, i));
    if (!string)
      return ctd_error_set(err, CTD_INVALID_ARGUMENT, "%s: expected a string or a list of strings", key);
    if (use(host, directory, string, err) < 0)
      return -1;
  }
  return 0;
}

static int host_add_capability(struct ctd_host *host, const char *directory, const char *name, struct ctd_error *err) {
  static const struct {
    const char *name;
    unsigned bit;
  } known[] = {{"pull", CTD_HOST_PULL},
               {"resolve", CTD_HOST_RESOLVE},
               {"push", CTD_HOST_PUSH},
               {"referrers", CTD_HOST_REFERRERS}};
  (void)directory;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (strcmp(name, known[i].name) == 0) {
      host->capabilities |= known[i].bit;
      return 0;
    }
  }
  return ctd_error_set(err, CTD_INVALID_ARGUMENT, "capabilities: unknown capability \"%s\"", name);
}

/* A path of the file, which is relative to its directory. */
static char *path_resolve(const char *directory, const char *path, struct ctd_error *err) {
  return *path == '/' ? ctd_format(err, "%s", path) : ctd_format(err, "%s/%s", directory, path);
}

static int host_add_ca(struct ctd_host *host, const char *directory, const char *path, struct ctd_error *err) {
  char *resolved = path_resolve(directory, path, err);
  if (!resolved)
    return -1;
  int result = ctd_host_trust_file(host, resolved, err);
  free(resolved);
  return result;
}

/* An empty `key` means that the certificate's file holds it. */
static int host_add_pair(struct ctd_host *host, const char *directory, const char *cert, const char *key,
                         struct ctd_error *err) {
  char *cert_path = path_resolve(directory, cert, err);
  char *key_path = cert_path ? path_resolve(directory, *key ? key : cert, err) : NULL;
  int result = key_path ? ctd_host_identify(host, cert_path, key_path, err) : -1;
  free(cert_path);
  free(key_path);
  return result;
}

static int host_add_client_file(struct ctd_host *host, const char *directory, const char *path, struct ctd_error *err) {
  return host_add_pair(host, directory, path, "", err);
}

/* client = "pem" | ["pem", …] | [["cert", "key"], …], the forms of a list may be mixed. */
static int host_set_client(struct ctd_host *host, const char *directory, const json_t *value, struct ctd_error *err) {
  if (!json_is_array(value))
    return strings_each(host, directory, value, "client", host_add_client_file, err);
  for (size_t i = 0; i < json_array_size(value); i++) {
    const json_t *item = json_array_get(value, i);
    const char *cert = json_string_value(json_is_array(item) ? json_array_get(item, 0) : item);
    const char *key = json_array_size(item) == 2 ? json_string_value(json_array_get(item, 1)) : "";
    if (!cert || !key || json_array_size(item) > 2)
      return ctd_error_set(err, CTD_INVALID_ARGUMENT, "client: expected files or pairs of certificate and key");
    if (host_add_pair(host, directory, cert, key, err) < 0)
      return -1;
  }
  return 0;
}

static int host_add_header(struct ctd_host *host, const char *name, const char *value, struct ctd_error *err) {
  struct ctd_host_header *headers = realloc(host->headers, (host->header_count + 1) * sizeof *headers);
  if (!headers)
    return ctd_error_nomem(err);
  host->headers = headers;
  headers[host->header_count] = (struct ctd_host_header){0};
  struct ctd_host_header *header = &headers[host->header_count++];
  return ctd_copy_string(&header->name, name, err) < 0 || ctd_copy_string(&header->value, value, err) < 0 ? -1 : 0;
}

static int host_add_headers(struct ctd_host *host, const char *name, const json_t *value, struct ctd_error *err) {
  if (json_is_string(value))
    return host_add_header(host, name, json_string_value(value), err);
  if (!json_is_array(value))
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "header: %s: expected a string or a list of strings", name);
  for (size_t i = 0; i < json_array_size(value); i++) {
    if (!json_is_string(json_array_get(value, i)))
      return ctd_error_set(err, CTD_INVALID_ARGUMENT, "header: %s: expected a string or a list of strings", name);
    if (host_add_header(host, name, json_string_value(json_array_get(value, i)), err) < 0)
      return -1;
  }
  return 0;
}

static int host_set_headers(struct ctd_host *host, json_t *table, struct ctd_error *err) {
  json_t *value = NULL;
  if (ctd_json_object(table, "header", &table, err) < 0)
    return -1;
  for (void *at = json_object_iter(table); at; at = json_object_iter_next(table, at)) {
    value = json_object_iter_value(at);
    if (host_add_headers(host, json_object_iter_key(at), value, err) < 0)
      return -1;
  }
  return 0;
}

/* A duration as Go writes it: numbers with units, "1m30s", "500ms". */
static int duration_parse(double *out, const char *text, struct ctd_error *err) {
  static const struct {
    const char *name;
    double seconds;
  } units[] = {{"ns", 1e-9}, {"us", 1e-6}, {"µs", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}};
  double sum = 0;
  const char *at = text;
  do {
    char *end;
    double number = strtod(at, &end);
    size_t length = strcspn(end, "0123456789.+-");
    size_t unit = 0;
    while (unit < sizeof units / sizeof *units &&
           (strlen(units[unit].name) != length || strncmp(units[unit].name, end, length) != 0))
      unit++;
    if (end == at || unit == sizeof units / sizeof *units || !isfinite(number) || number < 0)
      return ctd_error_set(err, CTD_INVALID_ARGUMENT, "dial_timeout: bad duration \"%s\"", text);
    sum += number * units[unit].seconds;
    at = end + length;
  } while (*at);
  *out = sum;
  return 0;
}

static bool host_has_tls(const struct ctd_host *host, const json_t *table) {
  return host->tls.ca.size > 0 || host->tls.pair_count > 0 || json_object_get(table, "skip_verify");
}

/* "https://host/prefix" or "host"; the API is below /v2 of it, unless the path is to be taken as it is. */
static int host_set_server(struct ctd_host *host, const json_t *table, const char *server, struct ctd_error *err) {
  bool override_path = false;
  if (ctd_json_bool(table, "override_path", &override_path, false, err) < 0)
    return -1;
  struct ctd_url url = {0};
  char *path = NULL;
  char *address = strstr(server, "://") ? ctd_format(err, "%s", server) : ctd_format(err, "https://%s", server);
  int result = -1;
  if (!address || ctd_url_parse(&url, address, err) < 0)
    goto out;
  size_t length = strlen(url.path);
  bool has_version = length >= 3 && strcmp(url.path + length - 3, "/v2") == 0;
  path = ctd_format(err, "%s%s", url.path, override_path || has_version ? "" : "/v2");
  if (!path)
    goto out;
  bool plain = strcmp(url.scheme, "http") == 0;
  bool ambiguous = plain && host_has_tls(host, table) && strcmp(url.port, "80") != 0;
  result = ctd_host_set_address(host, ambiguous ? "https" : url.scheme, url.authority, path, ambiguous, err);
out:
  ctd_url_free(&url);
  free(address);
  free(path);
  return result;
}

/* The fields that a [host] table and the top of the file have in common; `server` is NULL where the file names none. */
static int host_read(struct ctd_host *host, const char *directory, json_t *table, const char *server,
                     struct ctd_error *err) {
  const char *dial_timeout = NULL;
  if (strings_each(host, directory, json_object_get(table, "capabilities"), "capabilities", host_add_capability, err) <
          0 ||
      strings_each(host, directory, json_object_get(table, "ca"), "ca", host_add_ca, err) < 0 ||
      host_set_client(host, directory, json_object_get(table, "client"), err) < 0 ||
      ctd_json_bool(table, "skip_verify", &host->tls.skip_verify, false, err) < 0 ||
      host_set_headers(host, table, err) < 0 || ctd_json_string(table, "dial_timeout", &dial_timeout, err) < 0 ||
      (dial_timeout && duration_parse(&host->dial_timeout, dial_timeout, err) < 0))
    return -1;
  if (host->capabilities == 0)
    host->capabilities = CTD_HOST_PULL | CTD_HOST_RESOLVE | CTD_HOST_PUSH | CTD_HOST_REFERRERS;
  return server ? host_set_server(host, table, server, err) : 0;
}

static int hosts_read(struct ctd_hosts *hosts, const char *directory, json_t *root, struct ctd_error *err) {
  json_t *tables = NULL;
  const char *server = NULL;
  if (ctd_json_object(root, "host", &tables, err) < 0 || ctd_json_string(root, "server", &server, err) < 0)
    return -1;
  for (void *at = json_object_iter(tables); at; at = json_object_iter_next(tables, at)) {
    const char *name = json_object_iter_key(at);
    struct ctd_host *host = ctd_hosts_add(hosts, err);
    if (!host)
      return -1;
    if (!json_is_object(json_object_iter_value(at)))
      return ctd_error_set(err, CTD_INVALID_ARGUMENT, "host: \"%s\" is not a table", name);
    if (host_read(host, directory, json_object_iter_value(at), name, err) < 0)
      return ctd_error_prefix(err, "host \"%s\"", name);
  }
  struct ctd_host *last = ctd_hosts_add(hosts, err);
  return last ? host_read(last, directory, root, server && *server ? server : NULL, err) : -1;
}

int ctd_hosts_file_read(struct ctd_hosts *out, const char *directory, struct ctd_error *err) {
  struct ctd_buffer text = {0};
  json_t *root = NULL;
  int result = -1;
  *out = (struct ctd_hosts){0};
  char *path = ctd_format(err, "%s/hosts.toml", directory);
  if (!path || ctd_buffer_read_file(&text, path, FILE_LIMIT, err) < 0 ||
      ctd_toml_parse(&root, text.data ? text.data : "", text.size, path, err) < 0)
    goto out;
  result = hosts_read(out, directory, root, err);
  if (result < 0) {
    if (err->code == CTD_NOT_FOUND) /* a file that this one names, which must not pass for this one */
      err->code = CTD_INVALID_ARGUMENT;
    ctd_error_prefix(err, "%s", path);
  }
out:
  if (result < 0)
    ctd_hosts_free(out);
  json_decref(root);
  ctd_buffer_free(&text);
  free(path);
  return result;
}
