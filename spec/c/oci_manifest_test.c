#include "oci/manifest.h"

#include "cmocka_all.h"
#include "quoted.h"
#include <stdlib.h>
#include <string.h>

#define MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define INDEX "application/vnd.oci.image.index.v1+json"
#define DIGEST(n) "sha256:" #n "123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define BLOB(type, n) "{'mediaType': '" type "', 'digest': '" DIGEST(n) "', 'size': 1}"
#define ENTRY(n, platform) "{'mediaType': '" MANIFEST "', 'digest': '" DIGEST(n) "', 'size': 1" platform "}"
#define PLATFORM(os, arch, more) ", 'platform': {'os': '" os "', 'architecture': '" arch "'" more "}"
#define CONFIG BLOB("application/vnd.oci.image.config.v1+json", 0)
#define LAYER(n) BLOB("application/vnd.oci.image.layer.v1.tar", n)

static int parse(struct ctd_manifest *out, const char *media_type, const char *text, struct ctd_error *err) {
  char *bytes = quoted_text(text);
  int result = ctd_manifest_parse(out, media_type, bytes, strlen(bytes), err);
  free(bytes);
  return result;
}

static struct ctd_manifest parsed(const char *media_type, const char *text) {
  struct ctd_manifest manifest = {0};
  struct ctd_error err = {0};
  if (parse(&manifest, media_type, text, &err))
    fail_msg("%s: %s", text, err.message);
  return manifest;
}

static void manifest(void **state) {
  struct ctd_manifest got = parsed(
      MANIFEST, "{'schemaVersion': 2, 'config': " CONFIG
                ", 'layers': [" LAYER(1) ", " LAYER(2) "],"
                                                       " 'subject': " BLOB(MANIFEST, 3) ", 'annotations': {'a': 'b'}}");
  (void)state;
  assert_false(got.is_index);
  assert_string_equal(got.config.digest, DIGEST(0));
  assert_int_equal(got.layer_count, 2);
  assert_string_equal(got.layers[0].digest, DIGEST(1));
  assert_string_equal(got.layers[1].digest, DIGEST(2));
  assert_true(got.has_subject);
  assert_string_equal(got.subject.digest, DIGEST(3));
  assert_json(got.annotations, "{'a': 'b'}");
  ctd_manifest_free(&got);
  ctd_manifest_free(&got);
}

static void docker_and_empty(void **state) {
  struct ctd_manifest got =
      parsed("application/vnd.docker.distribution.manifest.v2+json",
             "{'schemaVersion': 2, 'mediaType': "
             "'application/vnd.docker.distribution.manifest.v2+json', 'config': " CONFIG ", 'layers': []}");
  (void)state;
  assert_int_equal(got.layer_count, 0);
  assert_false(got.has_subject);
  ctd_manifest_free(&got);
  got = parsed("application/vnd.docker.distribution.manifest.list.v2+json", "{'schemaVersion': 2, 'manifests': []}");
  assert_true(got.is_index);
  assert_int_equal(got.manifest_count, 0);
  ctd_manifest_free(&got);
}

static void refused(void **state) {
  static const struct {
    const char *media_type, *text, *reason;
  } cases[] = {
      {MANIFEST, "", "manifest"},
      {MANIFEST, "[]", "not an object"},
      {MANIFEST, "{'schemaVersion': 2, 'config': " CONFIG "}", "no \"layers\""},
      {MANIFEST, "{'schemaVersion': 2, 'layers': []}", "no \"config\""},
      {MANIFEST, "{'schemaVersion': 1, 'config': " CONFIG ", 'layers': []}", "schema version 2"},
      {MANIFEST, "{'schemaVersion': 2, 'config': " CONFIG ", 'layers': [], 'fsLayers': []}", "schema version 2"},
      {MANIFEST, "{'schemaVersion': 2, 'config': " CONFIG ", 'layers': [], 'manifests': []}", "an index where"},
      {MANIFEST, "{'schemaVersion': 2, 'mediaType': '" INDEX "', 'config': " CONFIG ", 'layers': []}",
       "an index where"},
      {MANIFEST, "{'schemaVersion': 2, 'config': " CONFIG ", 'config': " CONFIG ", 'layers': []}", "duplicate"},
      {MANIFEST, "{'schemaVersion': 2, 'config': " CONFIG ", 'layers': [" LAYER(1) ", {}]}", "\"layers\""},
      {MANIFEST, "{'schemaVersion': 2, 'config': {}, 'layers': []}", "\"config\""},
      {MANIFEST, "{'schemaVersion': 2, 'config': " CONFIG ", 'layers': {}}", "\"layers\""},
      {MANIFEST, "{'schemaVersion': 2, 'config': " CONFIG ", 'layers': [], 'subject': {}}", "\"subject\""},
      {MANIFEST, "{'schemaVersion': 2, 'config': " CONFIG ", 'layers': [], 'annotations': {'a': 1}}", "annotation"},
      {INDEX, "{'schemaVersion': 2}", "no \"manifests\""},
      {INDEX, "{'schemaVersion': 2, 'manifests': [], 'layers': []}", "a manifest where"},
      {INDEX, "{'schemaVersion': 2, 'manifests': [], 'config': " CONFIG "}", "a manifest where"},
      {INDEX, "{'schemaVersion': 2, 'mediaType': '" MANIFEST "', 'manifests': []}", "a manifest where"},
      {INDEX, "{'schemaVersion': 2, 'manifests': [null]}", "\"manifests\""},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct ctd_manifest got = {0};
    struct ctd_error err = {0};
    if (!parse(&got, cases[i].media_type, cases[i].text, &err))
      fail_msg("%s passes", cases[i].text);
    assert_int_equal(err.code, CTD_INVALID_ARGUMENT);
    if (!strstr(err.message, cases[i].reason))
      fail_msg("%s: \"%s\" doesn't say \"%s\"", cases[i].text, err.message, cases[i].reason);
    assert_null(got.config.digest);
  }
}

static void other_media_type(void **state) {
  struct ctd_manifest got = {0};
  struct ctd_error err = {0};
  (void)state;
  assert_int_equal(parse(&got, "application/vnd.docker.distribution.manifest.v1+json", "{}", &err), -1);
  assert_int_equal(err.code, CTD_UNIMPLEMENTED);
}

static void selection(void **state) {
  static const struct {
    const char *wanted, *manifests, *digest;
  } cases[] = {
      {"linux/amd64", ENTRY(0, PLATFORM("linux", "arm64", "")) ", " ENTRY(1, PLATFORM("linux", "amd64", "")),
       DIGEST(1)},
      {"linux/amd64", ENTRY(0, PLATFORM("linux", "386", "")) ", " ENTRY(1, PLATFORM("linux", "amd64", "")), DIGEST(1)},
      {"linux/amd64", ENTRY(0, PLATFORM("linux", "386", "")) ", " ENTRY(1, PLATFORM("linux", "arm", "")), DIGEST(0)},
      {"linux/amd64", ENTRY(0, PLATFORM("linux", "amd64", "")) ", " ENTRY(1, PLATFORM("linux", "amd64", "")),
       DIGEST(0)},
      {"linux/arm/v7",
       ENTRY(0, PLATFORM("linux", "arm", ", 'variant': 'v5'")) ", " ENTRY(
           1, PLATFORM("linux", "arm", ", 'variant': 'v6'")) ", " ENTRY(2,
                                                                        PLATFORM("linux", "arm", ", 'variant': 'v8'")),
       DIGEST(1)},
      {"linux/amd64", ENTRY(0, "") ", " ENTRY(1, PLATFORM("linux", "386", "")), DIGEST(1)},
      {"linux/amd64", ENTRY(0, PLATFORM("unknown", "unknown", "")) ", " ENTRY(1, "") ", " ENTRY(2, ""), DIGEST(1)},
      {"linux/amd64", ENTRY(0, PLATFORM("windows", "amd64", "")) ", " ENTRY(1, PLATFORM("linux", "arm64", "")), NULL},
      {"linux/amd64", "", NULL},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char text[2048];
    struct ctd_platform wanted;
    struct ctd_error err = {0};
    const struct ctd_descriptor *best = NULL;
    snprintf(text, sizeof text, "{'schemaVersion': 2, 'manifests': [%s]}", cases[i].manifests);
    struct ctd_manifest index = parsed(INDEX, text);
    assert_int_equal(ctd_platform_parse(&wanted, cases[i].wanted, &err), 0);
    assert_int_equal(ctd_manifest_select(&index, &wanted, &best, &err), cases[i].digest ? 0 : -1);
    assert_string_equal(best ? best->digest : "", cases[i].digest ? cases[i].digest : "");
    assert_int_equal(err.code, cases[i].digest ? CTD_OK : CTD_UNSUPPORTED_PLATFORM);
    ctd_manifest_free(&index);
  }
}

static void no_match_lists(void **state) {
  struct ctd_platform wanted;
  struct ctd_error err = {0};
  const struct ctd_descriptor *best;
  struct ctd_manifest index =
      parsed(INDEX, "{'schemaVersion': 2, 'manifests': [" ENTRY(0, PLATFORM("linux", "arm64", "")) ", " ENTRY(
                        1, PLATFORM("linux", "s390x", "")) "]}");
  (void)state;
  assert_int_equal(ctd_platform_parse(&wanted, "linux/amd64", &err), 0);
  assert_int_equal(ctd_manifest_select(&index, &wanted, &best, &err), -1);
  assert_string_equal(err.message, "no match for platform linux/amd64 in the index; it has linux/arm64, linux/s390x");
  ctd_manifest_free(&index);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(manifest),         cmocka_unit_test(docker_and_empty), cmocka_unit_test(refused),
      cmocka_unit_test(other_media_type), cmocka_unit_test(selection),        cmocka_unit_test(no_match_lists),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
