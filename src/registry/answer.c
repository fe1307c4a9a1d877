#include "registry/answer.h"

#include "registry/libcurl.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_AFTER_MAX 60.0

enum ctd_code ctd_answer_code(int status) {
  switch (status) {
  case 401:
    return CTD_UNAUTHENTICATED;
  case 403:
    return CTD_PERMISSION_DENIED;
  case 404:
    return CTD_NOT_FOUND;
  case 429:
    return CTD_RESOURCE_EXHAUSTED;
  default:
    return CTD_UNAVAILABLE;
  }
}

bool ctd_answer_transient(int status) {
  return status == 408 || status == 429 || (status >= 500 && status != 501 && status != 505);
}

double ctd_answer_retry_after(const struct ctd_http_response *response) {
  const char *value = ctd_http_header(response, "retry-after", NULL);
  if (!value)
    return 0;
  char *end;
  double seconds = strtod(value, &end);
  if (end == value || *end)
    seconds = (double)curl_getdate(value, NULL) - ctd_now_epoch(); /* a bad date is −1, long ago */
  return isnan(seconds) ? 0 : fmin(fmax(seconds, 0), RETRY_AFTER_MAX);
}

/* "CODE: message" of two members, of which either may be absent; false where both are. */
static bool text_from_members(const json_t *object, const char *code_key, const char *message_key, char *out,
                              size_t size) {
  const char *code = json_string_value(json_object_get(object, code_key));
  const char *message = json_string_value(json_object_get(object, message_key));
  if (!code && !message)
    return false;
  snprintf(out, size, "%s%s%s", code ? code : "", code && message ? ": " : "", message ? message : "");
  return true;
}

/* A text cut by size may end inside a character. */
static void text_trim(char *text) {
  size_t length = strlen(text), start = length;
  while (start > 0 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
    start--;
  if (start == 0)
    return;
  unsigned char lead = (unsigned char)text[start - 1];
  size_t need = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (length - start + 1 < need)
    text[start - 1] = '\0';
}

void ctd_answer_text(const struct ctd_http_response *response, char *out, size_t size) {
  *out = '\0';
  if (response->body.size == 0)
    return;
  json_t *body = json_loadb(response->body.data, response->body.size, 0, NULL);
  const json_t *first = json_array_get(json_object_get(body, "errors"), 0);
  if (!text_from_members(first, "code", "message", out, size) &&
      !text_from_members(body, "error", "error_description", out, size))
    text_from_members(body, "details", "message", out, size);
  text_trim(out);
  json_decref(body);
}
