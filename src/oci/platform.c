#include "oci/platform.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/json.h"

enum { FIELD_SIZE = sizeof((struct ctd_platform *)0)->variant };

static int field_copy(char out[FIELD_SIZE], const char *text, size_t length, struct ctd_error *err) {
  if (length >= FIELD_SIZE)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "platform: \"%.*s…\" is too long", FIELD_SIZE, text);
  for (size_t i = 0; i < length; i++) {
    if (!isalnum((unsigned char)text[i]) && !strchr("_.-", text[i]))
      return ctd_error_set(err, CTD_INVALID_ARGUMENT, "platform: \"%.*s\" has a character that no platform has",
                           (int)length, text);
    out[i] = (char)tolower((unsigned char)text[i]);
  }
  out[length] = '\0';
  return 0;
}

static void field_set(char out[FIELD_SIZE], const char *text) {
  snprintf(out, FIELD_SIZE, "%s", text);
}

/* Other names of architectures; a variant in the name takes the place of one given. */
static void normalize_architecture(struct ctd_platform *platform) {
  static const struct {
    const char *alias, *architecture, *variant;
  } aliases[] = {
      {"i386", "386", ""},    {"x86_64", "amd64", NULL}, {"x86-64", "amd64", NULL},      {"aarch64", "arm64", NULL},
      {"armhf", "arm", "v7"}, {"armel", "arm", "v6"},    {"loongarch64", "loong64", ""},
  };
  for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++) {
    if (strcmp(platform->architecture, aliases[i].alias) != 0)
      continue;
    field_set(platform->architecture, aliases[i].architecture);
    if (aliases[i].variant)
      field_set(platform->variant, aliases[i].variant);
    return;
  }
}

static void normalize_variant(struct ctd_platform *platform) {
  static const struct {
    const char *architecture, *given, *variant;
  } variants[] = {
      {"amd64", "v1", ""},  {"arm64", "8", ""},     {"arm64", "v8", ""},     {"arm64", "v8.0", ""},
      {"arm64", "9", "v9"}, {"arm64", "9.0", "v9"}, {"arm64", "v9.0", "v9"}, {"arm", "", "v7"},
      {"arm", "5", "v5"},   {"arm", "6", "v6"},     {"arm", "7", "v7"},      {"arm", "8", "v8"},
  };
  for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
    if (strcmp(platform->architecture, variants[i].architecture) != 0 ||
        strcmp(platform->variant, variants[i].given) != 0)
      continue;
    field_set(platform->variant, variants[i].variant);
    return;
  }
}

static void normalize(struct ctd_platform *platform) {
  if (!*platform->os)
    field_set(platform->os, "linux");
  else if (!strcmp(platform->os, "macos"))
    field_set(platform->os, "darwin");
  normalize_architecture(platform);
  normalize_variant(platform);
}

void ctd_platform_host(struct ctd_platform *out) {
  struct utsname host;
  memset(out, 0, sizeof *out);
  uname(&host); /* can't fail; names of machines are short */
  if (host.machine[0] == 'i' && !strcmp(host.machine + 2, "86"))
    field_set(out->architecture, "386");
  else if (sscanf(host.machine, "armv%1[5-8]", out->variant) == 1)
    field_set(out->architecture, "arm");
  else
    memccpy(out->architecture, host.machine, '\0', FIELD_SIZE - 1);
  normalize(out);
}

static bool architecture_known(const char *name) {
  static const char *const known[] = {"386",     "amd64",   "arm",   "arm64", "loong64", "mips64le",
                                      "ppc64le", "riscv64", "s390x", "ppc64", "mips64"};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (!strcmp(name, known[i]))
      return true;
  return false;
}

/* One word: an operating system, of this host's architecture, or an architecture under Linux. */
static int complete(struct ctd_platform *platform, const char *text, struct ctd_error *err) {
  struct ctd_platform alone = {0};
  if (!strcmp(platform->os, "linux")) {
    ctd_platform_host(platform);
    return 0;
  }
  field_set(alone.architecture, platform->os);
  normalize(&alone);
  if (!architecture_known(alone.architecture))
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "platform \"%s\": want \"os/architecture[/variant]\"", text);
  *platform = alone;
  return 0;
}

int ctd_platform_parse(struct ctd_platform *out, const char *text, struct ctd_error *err) {
  struct ctd_platform platform = {0};
  char *fields[] = {platform.os, platform.architecture, platform.variant};
  size_t count = 0;
  for (const char *at = text;; at++) {
    size_t length = strcspn(at, "/");
    if (count == 3 || length == 0)
      return ctd_error_set(err, CTD_INVALID_ARGUMENT, "platform \"%s\": want \"os/architecture[/variant]\"", text);
    if (field_copy(fields[count++], at, length, err))
      return -1;
    at += length;
    if (!*at)
      break;
  }
  if (count == 1 && complete(&platform, text, err))
    return -1;
  normalize(&platform);
  *out = platform;
  return 0;
}

int ctd_platform_from_json(struct ctd_platform *out, const json_t *object, struct ctd_error *err) {
  static const char *const keys[] = {"os", "architecture", "variant"};
  struct ctd_platform platform = {0};
  char *fields[] = {platform.os, platform.architecture, platform.variant};
  const char *text;
  json_t *features;
  for (size_t i = 0; i < 3; i++) {
    if (ctd_json_string(object, keys[i], &text, err) || (text && field_copy(fields[i], text, strlen(text), err)))
      return -1;
  }
  if (ctd_json_array(object, "os.features", &features, err))
    return -1;
  platform.needs_features = json_array_size(features) > 0;
  normalize(&platform);
  *out = platform;
  return 0;
}

void ctd_platform_format(const struct ctd_platform *platform, char out[CTD_PLATFORM_TEXT_SIZE]) {
  snprintf(out, CTD_PLATFORM_TEXT_SIZE, "%s/%s%s%s", platform->os, platform->architecture,
           *platform->variant ? "/" : "", platform->variant);
}

/* A walk from the best platform to the worst that a host runs; `rank` counts the steps. */
struct ranking {
  const struct ctd_platform *image;
  int rank;
};

static bool ranking_fits(struct ranking *ranking, const char *architecture, const char *variant) {
  if (!strcmp(ranking->image->architecture, architecture) && !strcmp(ranking->image->variant, variant))
    return true;
  ranking->rank++;
  return false;
}

/* "v9.2", with the forms that normalize gives to the first of each. */
static bool ranking_fits_version(struct ranking *ranking, const char *architecture, int major, int minor) {
  char variant[FIELD_SIZE] = "";
  if (minor > 0)
    snprintf(variant, sizeof variant, "v%d.%d", major, minor);
  else if (strcmp(architecture, "arm64") != 0 || major != 8)
    snprintf(variant, sizeof variant, "v%d", major);
  return ranking_fits(ranking, architecture, variant);
}

static bool ranking_fits_amd64(struct ranking *ranking, const char *variant) {
  int version = 1;
  sscanf(variant, "v%1d", &version);
  while (--version > 1)
    if (ranking_fits_version(ranking, "amd64", version, 0))
      return true;
  return (*variant && ranking_fits(ranking, "amd64", "")) || ranking_fits(ranking, "386", "");
}

static bool ranking_fits_arm(struct ranking *ranking, int version) {
  for (; version >= 5; version--)
    if (ranking_fits_version(ranking, "arm", version, 0))
      return true;
  return false;
}

/* v<major>.<minor> and lower ones of the same major. */
static bool ranking_fits_arm64_down(struct ranking *ranking, int major, int minor) {
  for (; minor >= 0; minor--)
    if (ranking_fits_version(ranking, "arm64", major, minor))
      return true;
  return false;
}

/* v9.x diverged from v8.(x+5) and runs what that runs; all of them run 32-bit programs for v8 and lower. */
static bool ranking_fits_arm64(struct ranking *ranking, const char *variant) {
  int major = 8, minor = 0;
  sscanf(variant, "v%1d.%1d", &major, &minor);
  if (major == 9 && ranking_fits_arm64_down(ranking, 9, minor - 1))
    return true;
  return ranking_fits_arm64_down(ranking, 8, major == 9 ? minor + 5 : minor - 1) || ranking_fits_arm(ranking, 8);
}

int ctd_platform_rank(const struct ctd_platform *wanted, const struct ctd_platform *image) {
  struct ranking ranking = {image, 0};
  int version = 0;
  if (image->needs_features || strcmp(wanted->os, image->os) != 0)
    return -1;
  if (ranking_fits(&ranking, wanted->architecture, wanted->variant))
    return 0;
  if (!strcmp(wanted->architecture, "amd64") && ranking_fits_amd64(&ranking, wanted->variant))
    return ranking.rank;
  if (!strcmp(wanted->architecture, "arm64") && ranking_fits_arm64(&ranking, wanted->variant))
    return ranking.rank;
  if (!strcmp(wanted->architecture, "arm") && sscanf(wanted->variant, "v%1d", &version) == 1 &&
      ranking_fits_arm(&ranking, version - 1))
    return ranking.rank;
  return -1;
}
