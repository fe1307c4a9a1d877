#include "oci/descriptor.h"

#include "cmocka_all.h"
#include "quoted.h"
#include <stdlib.h>
#include <string.h>

#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define LAYER "application/vnd.oci.image.layer.v1.tar+gzip"

static struct ctd_descriptor parsed(const char *text) {
  struct ctd_descriptor descriptor = {0};
  struct ctd_error err = {0};
  json_t *object = quoted(text);
  if (ctd_descriptor_from_json(&descriptor, object, &err))
    fail_msg("%s: %s", text, err.message);
  json_decref(object);
  return descriptor;
}

static void check_whole(const struct ctd_descriptor *descriptor) {
  assert_string_equal(descriptor->media_type, LAYER);
  assert_string_equal(descriptor->digest, DIGEST);
  assert_int_equal(descriptor->size, 5000000000);
  assert_true(descriptor->has_platform);
  assert_string_equal(descriptor->platform.variant, "v7");
  assert_json(descriptor->annotations, "{'a': 'b'}");
  assert_json(descriptor->urls, "['u']");
}

static void whole(void **state) {
  struct ctd_descriptor descriptor, copy = {0};
  struct ctd_error err = {0};
  (void)state;
  descriptor = parsed("{'mediaType': '" LAYER "', 'digest': '" DIGEST "', 'size': 5000000000,"
                      " 'platform': {'os': 'linux', 'architecture': 'arm'}, 'annotations': {'a': 'b'}, 'urls': ['u'],"
                      " 'artifactType': 'x'}");
  check_whole(&descriptor);
  assert_int_equal(ctd_descriptor_copy(&copy, &descriptor, &err), 0);
  ctd_descriptor_free(&descriptor);
  ctd_descriptor_free(&descriptor);
  check_whole(&copy);
  ctd_descriptor_free(&copy);
}

static void least(void **state) {
  struct ctd_descriptor descriptor =
      parsed("{'mediaType': 'm', 'digest': '" DIGEST "', 'size': 0, 'annotations': null}");
  (void)state;
  assert_false(descriptor.has_platform);
  assert_null(descriptor.annotations);
  assert_null(descriptor.urls);
  ctd_descriptor_free(&descriptor);
}

static void refused(void **state) {
  static const char *const cases[] = {
      "[]",
      "{}",
      "{'digest': '" DIGEST "', 'size': 1}",
      "{'mediaType': '', 'digest': '" DIGEST "', 'size': 1}",
      "{'mediaType': 1, 'digest': '" DIGEST "', 'size': 1}",
      "{'mediaType': 'm', 'size': 1}",
      "{'mediaType': 'm', 'digest': 'sha256:0', 'size': 1}",
      "{'mediaType': 'm', 'digest': '../../etc', 'size': 1}",
      "{'mediaType': 'm', 'digest': '" DIGEST "'}",
      "{'mediaType': 'm', 'digest': '" DIGEST "', 'size': -1}",
      "{'mediaType': 'm', 'digest': '" DIGEST "', 'size': 1.5}",
      "{'mediaType': 'm', 'digest': '" DIGEST "', 'size': '1'}",
      "{'mediaType': 'm', 'digest': '" DIGEST "', 'size': 1, 'platform': 'linux'}",
      "{'mediaType': 'm', 'digest': '" DIGEST "', 'size': 1, 'platform': {'os': ['linux']}}",
      "{'mediaType': 'm', 'digest': '" DIGEST "', 'size': 1, 'annotations': {'a': 1}}",
      "{'mediaType': 'm', 'digest': '" DIGEST "', 'size': 1, 'annotations': ['a']}",
      "{'mediaType': 'm', 'digest': '" DIGEST "', 'size': 1, 'annotations': {'a': 'b'}, 'urls': [1]}",
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct ctd_descriptor descriptor = {0};
    struct ctd_error err = {0};
    json_t *object = quoted(cases[i]);
    if (!ctd_descriptor_from_json(&descriptor, object, &err))
      fail_msg("%s passes", cases[i]);
    assert_int_equal(err.code, CTD_INVALID_ARGUMENT);
    assert_null(descriptor.digest);
    json_decref(object);
  }
}

static void refs(void **state) {
  static const char *const cases[][2] = {
      {"application/vnd.oci.image.index.v1+json", "index"},
      {"application/vnd.docker.distribution.manifest.list.v2+json", "index"},
      {"application/vnd.oci.image.manifest.v1+json", "manifest"},
      {"application/vnd.docker.distribution.manifest.v2+json", "manifest"},
      {"application/vnd.oci.image.config.v1+json", "config"},
      {"application/vnd.docker.container.image.v1+json", "config"},
      {"application/vnd.oci.image.layer.v1.tar", "layer"},
      {"application/vnd.oci.image.layer.v1.tar+zstd", "layer"},
      {"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", "layer"},
      {"application/vnd.docker.image.rootfs.diff.tar.gzip", "layer"},
      {"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "layer"},
      {"application/vnd.in-toto+json", "attestation"},
      {"application/vnd.docker.distribution.manifest.v1+prettyjws", "unknown"},
      {"text/plain", "unknown"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct ctd_descriptor descriptor = {0};
    struct ctd_error err = {0};
    char *ref = NULL, expected[128];
    assert_int_equal(ctd_descriptor_make(&descriptor, cases[i][0], DIGEST, 1, &err), 0);
    assert_int_equal(ctd_descriptor_ref(&ref, &descriptor, &err), 0);
    snprintf(expected, sizeof expected, "%s-" DIGEST, cases[i][1]);
    assert_string_equal(ref, expected);
    free(ref);
    ctd_descriptor_free(&descriptor);
  }
}

static void named_ref(void **state) {
  struct ctd_error err = {0};
  char *ref = NULL;
  struct ctd_descriptor descriptor = parsed("{'mediaType': '" LAYER "', 'digest': '" DIGEST "', 'size': 1,"
                                            " 'annotations': {'org.opencontainers.image.ref.name': 'v1'}}");
  (void)state;
  assert_int_equal(ctd_descriptor_ref(&ref, &descriptor, &err), 0);
  assert_string_equal(ref, "layer-v1@" DIGEST);
  free(ref);
  ctd_descriptor_free(&descriptor);
}

static void foreign(void **state) {
  (void)state;
  assert_true(ctd_media_type_is_foreign("application/vnd.oci.image.layer.nondistributable.v1.tar"));
  assert_true(ctd_media_type_is_foreign("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"));
  assert_false(ctd_media_type_is_foreign(LAYER));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(whole), cmocka_unit_test(least),     cmocka_unit_test(refused),
      cmocka_unit_test(refs),  cmocka_unit_test(named_ref), cmocka_unit_test(foreign),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
