#include "oci/reference.h"
#include "base/buffer.h"
#include "base/sha256.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define HEX "abcdef" DIGITS

enum { PATH_LONGEST = 255, TAG_LONGEST = 128, ID_LENGTH = 64 };

/* A piece of the text that is parsed. */
struct span {
  const char *at;
  size_t length;
};

static bool span_is(struct span span, const char *text) {
  return strlen(text) == span.length && !memcmp(span.at, text, span.length);
}

static bool span_has(struct span span, const char *characters) {
  for (size_t i = 0; i < span.length; i++)
    if (strchr(characters, span.at[i]))
      return true;
  return false;
}

static char *span_copy(struct span span, const char *prefix, struct ctd_error *err) {
  return ctd_format(err, "%s%.*s", prefix, (int)span.length, span.at);
}

/* One label of a host name: letters, digits and, inside, hyphens. */
static bool label_valid(const char *at, size_t length) {
  return length && strspn(at, LOWER UPPER DIGITS "-") >= length && at[0] != '-' && at[length - 1] != '-';
}

/* A host name or an IPv6 address in brackets, and a port. */
static bool domain_valid(const char *domain) {
  const char *at = domain;
  if (*at == '[') {
    size_t length = strspn(at + 1, HEX "ABCDEF:");
    if (!length || at[length + 1] != ']')
      return false;
    at += length + 2;
  } else {
    for (;; at++) {
      size_t length = strcspn(at, ".:");
      if (!label_valid(at, length))
        return false;
      at += length;
      if (*at != '.')
        break;
    }
  }
  return !*at || (*at == ':' && at[1] && !at[1 + strspn(at + 1, DIGITS)]);
}

/* How long a separator inside of a path component is; 0: there is none. */
static size_t separator_length(const char *at) {
  if (*at == '-')
    return strspn(at, "-");
  if (at[0] == '_')
    return at[1] == '_' ? 2 : 1;
  return *at == '.';
}

/* Lower-case words with separators between them, in components with slashes between them. */
static bool path_valid(const char *at) {
  for (;;) {
    size_t word = strspn(at, LOWER DIGITS);
    if (!word)
      return false;
    at += word;
    if (!*at)
      return true;
    size_t separator = *at == '/' ? 1 : separator_length(at);
    if (!separator)
      return false;
    at += separator;
  }
}

static bool tag_valid(const char *tag) {
  size_t length = strlen(tag);
  return length && length <= TAG_LONGEST && strspn(tag, LOWER UPPER DIGITS "_.-") == length && !strchr(".-", *tag);
}

/* The part before the first slash is a domain if it couldn't be the first directory of a path. */
static struct span domain_span(const char *text) {
  struct span first = {text, strcspn(text, "/")};
  if (text[first.length] && (span_has(first, ".:" UPPER) || span_is(first, "localhost")))
    return first;
  return (struct span){text, 0};
}

static int split(struct ctd_reference *reference, const char *text, struct ctd_error *err) {
  struct span domain = domain_span(text), path, tag = {0};
  const char *rest = domain.length ? text + domain.length + 1 : text;
  bool docker = !domain.length || span_is(domain, "docker.io") || span_is(domain, "index.docker.io");
  path = (struct span){rest, strcspn(rest, ":@")};
  rest += path.length;
  if (*rest == ':') {
    tag = (struct span){rest + 1, strcspn(rest + 1, "@")};
    rest = tag.at + tag.length;
  }
  if (*rest == '@' && ctd_copy_string(&reference->digest, rest + 1, err))
    return -1;
  if (!tag.at && !reference->digest)
    tag = (struct span){"latest", strlen("latest")};
  if (tag.at && !(reference->tag = span_copy(tag, "", err)))
    return -1;
  if (!(reference->path = span_copy(path, docker && !span_has(path, "/") ? "library/" : "", err)))
    return -1;
  reference->domain = docker ? ctd_format(err, "docker.io") : span_copy(domain, "", err);
  return reference->domain ? 0 : -1;
}

/* What is wrong with the parts, or NULL. */
static const char *fault(const struct ctd_reference *reference) {
  if (!domain_valid(reference->domain))
    return "its host is malformed";
  if (reference->path[strcspn(reference->path, UPPER)])
    return "its repository name must be lower-case";
  if (!path_valid(reference->path))
    return "its repository name is malformed";
  if (strlen(reference->path) > PATH_LONGEST)
    return "its repository name is longer than 255 characters";
  if (reference->tag && !tag_valid(reference->tag))
    return "its tag is malformed";
  if (reference->digest && !ctd_digest_valid(reference->digest))
    return "its digest is malformed";
  return NULL;
}

/* What is wrong with the text as a whole, or NULL. */
static const char *text_fault(const char *text) {
  if (!*text)
    return "it is empty";
  if (strstr(text, "://"))
    return "it has a scheme, as only a URL has";
  if (strlen(text) == ID_LENGTH && strspn(text, HEX) == ID_LENGTH)
    return "64 hexadecimal digits would be taken for an id";
  return NULL;
}

static int name_make(struct ctd_reference *reference, struct ctd_error *err) {
  const char *tag = reference->tag, *digest = reference->digest;
  reference->name = ctd_format(err, "%s/%s%s%s%s%s", reference->domain, reference->path, tag ? ":" : "", tag ? tag : "",
                               digest ? "@" : "", digest ? digest : "");
  return reference->name ? 0 : -1;
}

int ctd_reference_parse(struct ctd_reference *out, const char *text, struct ctd_error *err) {
  struct ctd_reference reference = {0};
  const char *wrong = text_fault(text);
  if (!wrong && split(&reference, text, err))
    goto fail;
  if (!wrong)
    wrong = fault(&reference);
  if (wrong) {
    ctd_error_set(err, CTD_INVALID_ARGUMENT, "invalid image reference \"%s\": %s", text, wrong);
    goto fail;
  }
  if (name_make(&reference, err))
    goto fail;
  *out = reference;
  return 0;
fail:
  ctd_reference_free(&reference);
  return -1;
}

void ctd_reference_free(struct ctd_reference *reference) {
  free(reference->domain);
  free(reference->path);
  free(reference->tag);
  free(reference->digest);
  free(reference->name);
  memset(reference, 0, sizeof *reference);
}
