#include "registry/challenge.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* token of RFC 9110 section 5.6.2 */
#define TOKEN "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define SPACE " \t"

void ctd_challenge_free(struct ctd_challenge *challenge) {
  free(challenge->realm);
  free(challenge->service);
  free(challenge->scope);
  memset(challenge, 0, sizeof *challenge);
}

static enum ctd_challenge_scheme scheme_named(const char *name, size_t length) {
  if (length == 6 && strncasecmp(name, "bearer", length) == 0)
    return CTD_CHALLENGE_BEARER;
  return length == 5 && strncasecmp(name, "basic", length) == 0 ? CTD_CHALLENGE_BASIC : CTD_CHALLENGE_NONE;
}

static char **challenge_parameter(struct ctd_challenge *challenge, const char *name, size_t length) {
  if (length == 5 && strncasecmp(name, "realm", length) == 0)
    return &challenge->realm;
  if (length == 7 && strncasecmp(name, "service", length) == 0)
    return &challenge->service;
  return length == 5 && strncasecmp(name, "scope", length) == 0 ? &challenge->scope : NULL;
}

/* Reads a quoted string or a bare word (which may hold more than a token may, for some servers' sake) and goes past it.
 */
static int value_read(char **out, const char **at, struct ctd_error *err) {
  const char *from = *at;
  bool quoted = *from == '"';
  from += quoted;
  size_t room = quoted ? strlen(from) : strcspn(from, "," SPACE), length = 0;
  char *value = malloc(room + 1);
  if (!value)
    return ctd_error_nomem(err);
  while (quoted ? *from && *from != '"' : length < room) {
    if (quoted && *from == '\\' && from[1])
      from++;
    value[length++] = *from++;
  }
  value[length] = '\0';
  *at = from + (quoted && *from == '"');
  *out = value;
  return 0;
}

/* The parameter whose name of `length` bytes stands at *at, with "=" after it. The first of a name counts. */
static int parameter_read(struct ctd_challenge *challenge, bool wanted, const char **at, size_t length,
                          struct ctd_error *err) {
  char **slot = challenge_parameter(challenge, *at, length), *value = NULL;
  *at += length;
  *at += strspn(*at, SPACE) + 1;
  *at += strspn(*at, SPACE);
  if (value_read(&value, at, err) < 0)
    return -1;
  if (wanted && slot && !*slot)
    *slot = value;
  else
    free(value);
  return 0;
}

/*
 * A comma separates both challenges and parameters, so that a word is a scheme unless "=" follows. The token68 form
 * ("Negotiate YII=") belongs to schemes that we don't know, and is passed over with its "=".
 */
int ctd_challenge_parse(struct ctd_challenge *out, const char *header, struct ctd_error *err) {
  bool better = false; /* whether the challenge at hand is the best so far */
  *out = (struct ctd_challenge){0};
  for (const char *at = header; *at;) {
    size_t length = strspn(at, TOKEN);
    const char *next = at + length + strspn(at + length, SPACE);
    if (length == 0) {
      at++;
    } else if (*next == '=') {
      if (parameter_read(out, better, &at, length, err) < 0) {
        ctd_challenge_free(out);
        return -1;
      }
    } else {
      enum ctd_challenge_scheme scheme = scheme_named(at, length);
      better = scheme > out->scheme;
      if (better) {
        ctd_challenge_free(out);
        out->scheme = scheme;
      }
      at = next;
    }
  }
  return 0;
}

/* Several headers mean the same as one with commas between. */
int ctd_challenge_choose(struct ctd_challenge *out, const struct ctd_http_response *response, struct ctd_error *err) {
  struct ctd_buffer all = {0};
  int result = 0;
  *out = (struct ctd_challenge){0};
  for (const char *header = NULL; (header = ctd_http_header(response, "www-authenticate", header)) && result == 0;)
    result = ctd_buffer_printf(&all, err, "%s, ", header);
  if (result == 0 && all.data)
    result = ctd_challenge_parse(out, all.data, err);
  ctd_buffer_free(&all);
  return result;
}
