#include "registry/hosts.h"

#include "registry/hosts_file.h"
#include "registry/url.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CERTIFICATES_LIMIT (1 << 20)

struct ctd_host *ctd_hosts_add(struct ctd_hosts *hosts, struct ctd_error *err) {
  struct ctd_host *items = realloc(hosts->items, (hosts->count + 1) * sizeof *items);
  if (!items) {
    ctd_error_nomem(err);
    return NULL;
  }
  hosts->items = items;
  items[hosts->count] = (struct ctd_host){0};
  return &items[hosts->count++];
}

static void host_free(struct ctd_host *host) {
  for (size_t i = 0; i < host->header_count; i++) {
    free(host->headers[i].name);
    free(host->headers[i].value);
  }
  free(host->headers);
  free(host->base);
  free(host->alternate);
  free(host->authority);
  ctd_http_tls_free(&host->tls);
}

void ctd_hosts_free(struct ctd_hosts *hosts) {
  for (size_t i = 0; i < hosts->count; i++)
    host_free(&hosts->items[i]);
  free(hosts->items);
  *hosts = (struct ctd_hosts){0};
}

int ctd_host_set_address(struct ctd_host *host, const char *scheme, const char *authority, const char *path,
                         bool ambiguous, struct ctd_error *err) {
  const char *other = strcmp(scheme, "https") == 0 ? "http" : "https";
  host->authority = ctd_format(err, "%s", authority);
  host->base = ctd_format(err, "%s://%s%s", scheme, authority, path);
  host->alternate = ambiguous ? ctd_format(err, "%s://%s%s", other, authority, path) : NULL;
  return host->authority && host->base && (host->alternate || !ambiguous) ? 0 : -1;
}

int ctd_host_trust_file(struct ctd_host *host, const char *path, struct ctd_error *err) {
  struct ctd_buffer pem = {0};
  int result = ctd_buffer_read_file(&pem, path, CERTIFICATES_LIMIT, err);
  if (result == 0 && (!pem.data || !strstr(pem.data, "-----BEGIN")))
    result = ctd_error_set(err, CTD_INVALID_ARGUMENT, "%s: holds no PEM certificate", path);
  if (result == 0)
    result = ctd_buffer_printf(&host->tls.ca, err, "%s\n", pem.data);
  ctd_buffer_free(&pem);
  return result;
}

int ctd_host_identify(struct ctd_host *host, const char *cert, const char *key, struct ctd_error *err) {
  if (access(cert, R_OK) < 0)
    return ctd_error_errno(err, errno, "%s", cert);
  if (access(key, R_OK) < 0)
    return ctd_error_errno(err, errno, "%s", key);
  return ctd_http_tls_add_pair(&host->tls, cert, key, err);
}

static bool name_ends_in(const char *name, const char *suffix) {
  size_t length = strlen(name), tail = strlen(suffix);
  return length > tail && strcmp(name + length - tail, suffix) == 0;
}

/* One file of a directory without hosts.toml: x.crt is trusted, x.cert is shown with x.key. */
static int host_use_file(struct ctd_host *host, const char *directory, const char *name, struct ctd_error *err) {
  bool trusted = name_ends_in(name, ".crt"), shown = name_ends_in(name, ".cert");
  if (!trusted && !shown)
    return 0;
  char *path = ctd_format(err, "%s/%s", directory, name);
  char *key = ctd_format(err, "%s/%.*s.key", directory, (int)(strlen(name) - strlen(".cert")), name);
  int result = -1;
  if (path && key)
    result = trusted ? ctd_host_trust_file(host, path, err) : ctd_host_identify(host, path, key, err);
  free(path);
  free(key);
  return result;
}

static int host_use_files(struct ctd_host *host, const char *directory, struct ctd_error *err) {
  struct dirent **entries = NULL;
  int count = scandir(directory, &entries, NULL, alphasort);
  if (count < 0)
    return ctd_error_errno(err, errno, "%s", directory);
  int result = 0;
  for (int i = 0; i < count; i++) {
    if (result == 0)
      result = host_use_file(host, directory, entries[i]->d_name, err);
    free(entries[i]);
  }
  free(entries);
  return result;
}

/* The registry itself, as its name and the wish for plain HTTP have it. */
static int host_set_default(struct ctd_host *host, const char *registry, enum ctd_plain_http plain_http,
                            struct ctd_error *err) {
  if (host->capabilities == 0)
    host->capabilities = CTD_HOST_PULL | CTD_HOST_RESOLVE | CTD_HOST_PUSH | CTD_HOST_REFERRERS;
  if (strcmp(registry, "docker.io") == 0)
    return ctd_host_set_address(host, "https", "registry-1.docker.io", "/v2", false, err);
  if (plain_http == CTD_PLAIN_HTTP_ON)
    return ctd_host_set_address(host, "http", registry, "/v2", false, err);
  if (plain_http == CTD_PLAIN_HTTP_OFF || !ctd_authority_is_loopback(registry))
    return ctd_host_set_address(host, "https", registry, "/v2", false, err);
  const char *bracket = strrchr(registry, ']');
  const char *port = strrchr(bracket ? bracket : registry, ':');
  if (port && strcmp(port, ":80") == 0)
    return ctd_host_set_address(host, "http", registry, "/v2", false, err);
  bool tls_only = !port || strcmp(port, ":443") == 0;
  bool tls_first = tls_only || host->tls.ca.size > 0 || host->tls.pair_count > 0;
  /* On loopback nobody listens in, and certificates for it are rarely signed. */
  host->tls.skip_verify = host->tls.skip_verify || host->tls.ca.size == 0;
  return ctd_host_set_address(host, tls_first ? "https" : "http", registry, "/v2", !tls_only, err);
}

static bool directory_exists(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* *out: the directory that configures the registry, or NULL. */
static int directory_find(char **out, const char *hosts_dir, const char *registry, struct ctd_error *err) {
  const char *bracket = strrchr(registry, ']');
  const char *colon = strrchr(bracket ? bracket : registry, ':');
  int host_length = colon ? (int)(colon - registry) : 0;
  for (int i = colon ? 0 : 1; i < 3; i++) {
    char *path = i == 0   ? ctd_format(err, "%s/%.*s_%s_", hosts_dir, host_length, registry, colon + 1)
                 : i == 1 ? ctd_format(err, "%s/%s", hosts_dir, registry)
                          : ctd_format(err, "%s/_default", hosts_dir);
    if (!path)
      return -1;
    if (directory_exists(path)) {
      *out = path;
      return 0;
    }
    free(path);
  }
  return 0;
}

int ctd_hosts_are_configured(bool *out, const char *registry, const char *hosts_dir, struct ctd_error *err) {
  char *directory = NULL;
  if (hosts_dir && directory_find(&directory, hosts_dir, registry, err) < 0)
    return -1;
  *out = directory != NULL;
  free(directory);
  return 0;
}

static int hosts_read_directory(struct ctd_hosts *hosts, const char *directory, struct ctd_error *err) {
  if (ctd_hosts_file_read(hosts, directory, err) == 0)
    return 0;
  if (err->code != CTD_NOT_FOUND)
    return -1;
  ctd_error_clear(err);
  struct ctd_host *host = ctd_hosts_add(hosts, err);
  return host ? host_use_files(host, directory, err) : -1;
}

/* What distinguishes the registry's own hosts from others, once all addresses are known. */
static void hosts_mark(struct ctd_hosts *hosts, const char *registry) {
  const char *own = strcmp(registry, "docker.io") == 0 ? "registry-1.docker.io" : registry;
  const char *server = hosts->items[hosts->count - 1].authority;
  for (size_t i = 0; i < hosts->count; i++) {
    struct ctd_host *host = &hosts->items[i];
    host->proxy = strcmp(host->authority, own) != 0 && strcmp(host->authority, registry) != 0;
    host->mirror = host->proxy && strcmp(host->authority, server) != 0;
  }
}

int ctd_hosts_load(struct ctd_hosts *out, const char *registry, const char *hosts_dir, enum ctd_plain_http plain_http,
                   struct ctd_error *err) {
  char *directory = NULL;
  int result = -1;
  *out = (struct ctd_hosts){0};
  if (hosts_dir && directory_find(&directory, hosts_dir, registry, err) < 0)
    goto out;
  if (directory ? hosts_read_directory(out, directory, err) < 0 : !ctd_hosts_add(out, err))
    goto out;
  struct ctd_host *last = &out->items[out->count - 1];
  if (!last->base && host_set_default(last, registry, plain_http, err) < 0)
    goto out;
  hosts_mark(out, registry);
  result = 0;
out:
  free(directory);
  if (result < 0)
    ctd_hosts_free(out);
  return result;
}
