#include "registry/url.h"

#include "base/buffer.h"
#include "registry/libcurl.h"
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int url_error(CURLUcode code, const char *text, struct ctd_error *err) {
  if (code == CURLUE_OUT_OF_MEMORY)
    return ctd_error_nomem(err);
  return ctd_error_set(err, CTD_INVALID_ARGUMENT, "bad address \"%s\": %s", text, curl_url_strerror(code));
}

/* A part of a parsed address in memory of our own, since libcurl's is freed by a function of its own. */
static int url_part(char **out, CURLU *handle, CURLUPart part, unsigned flags, const char *text,
                    struct ctd_error *err) {
  char *value = NULL;
  CURLUcode code = curl_url_get(handle, part, &value, flags);
  if (code != CURLUE_OK)
    return url_error(code, text, err);
  int result = ctd_copy_string(out, value, err);
  curl_free(value);
  return result;
}

static int url_set(CURLU *handle, const char *text, unsigned flags, struct ctd_error *err) {
  CURLUcode code = curl_url_set(handle, CURLUPART_URL, text, CURLU_DISALLOW_USER | flags);
  return code == CURLUE_OK ? 0 : url_error(code, text, err);
}

static bool url_has_port(CURLU *handle) {
  char *port = NULL;
  bool has = curl_url_get(handle, CURLUPART_PORT, &port, 0) == CURLUE_OK;
  curl_free(port);
  return has;
}

static int url_check_scheme(const char *scheme, const char *text, struct ctd_error *err) {
  if (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0)
    return 0;
  return ctd_error_set(err, CTD_INVALID_ARGUMENT, "bad address \"%s\": neither http nor https", text);
}

int ctd_url_parse(struct ctd_url *out, const char *text, struct ctd_error *err) {
  *out = (struct ctd_url){0};
  int result = -1;
  if (ctd_libcurl_load(err) < 0)
    return -1;
  CURLU *handle = curl_url();
  if (!handle)
    return ctd_error_nomem(err);
  if (url_set(handle, text, 0, err) < 0 || url_part(&out->scheme, handle, CURLUPART_SCHEME, 0, text, err) < 0 ||
      url_check_scheme(out->scheme, text, err) < 0 || url_part(&out->host, handle, CURLUPART_HOST, 0, text, err) < 0 ||
      url_part(&out->port, handle, CURLUPART_PORT, CURLU_DEFAULT_PORT, text, err) < 0 ||
      url_part(&out->path, handle, CURLUPART_PATH, 0, text, err) < 0)
    goto out;
  out->authority =
      url_has_port(handle) ? ctd_format(err, "%s:%s", out->host, out->port) : ctd_format(err, "%s", out->host);
  if (!out->authority)
    goto out;
  for (size_t length = strlen(out->path); length > 0 && out->path[length - 1] == '/'; length--)
    out->path[length - 1] = '\0';
  result = 0;
out:
  curl_url_cleanup(handle);
  if (result < 0)
    ctd_url_free(out);
  return result;
}

void ctd_url_free(struct ctd_url *url) {
  free(url->scheme);
  free(url->host);
  free(url->port);
  free(url->authority);
  free(url->path);
  *url = (struct ctd_url){0};
}

int ctd_url_join(char **out, const char *base, const char *reference, struct ctd_error *err) {
  *out = NULL;
  if (ctd_libcurl_load(err) < 0)
    return -1;
  CURLU *handle = curl_url();
  if (!handle)
    return ctd_error_nomem(err);
  int result = -1;
  if (url_set(handle, base, 0, err) == 0 && url_set(handle, reference, CURLU_URLENCODE, err) == 0)
    result = url_part(out, handle, CURLUPART_URL, 0, reference, err);
  curl_url_cleanup(handle);
  return result;
}

bool ctd_url_same_origin(const struct ctd_url *a, const struct ctd_url *b) {
  return strcmp(a->scheme, b->scheme) == 0 && strcasecmp(a->host, b->host) == 0 && strcmp(a->port, b->port) == 0;
}

bool ctd_authority_is_loopback(const char *authority) {
  bool bracketed = *authority == '[';
  const char *start = authority + bracketed;
  char host[64];
  size_t length = strcspn(start, bracketed ? "]" : ":");
  if (length >= sizeof host)
    return false;
  memcpy(host, start, length);
  host[length] = '\0';
  struct in_addr ip4;
  struct in6_addr ip6;
  if (bracketed)
    return inet_pton(AF_INET6, host, &ip6) == 1 && IN6_IS_ADDR_LOOPBACK(&ip6);
  if (inet_pton(AF_INET, host, &ip4) == 1)
    return ntohl(ip4.s_addr) >> 24 == 127;
  return strcasecmp(host, "localhost") == 0;
}
