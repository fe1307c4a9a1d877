#include "client/gc_labels.h"
#include "client/image_load.h"

#include "cmocka_all.h"
#include "quoted.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OCI "application/vnd.oci.image."
#define DIGEST(n) "sha256:" #n "123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define BLOB(type, n, more) "{'mediaType': '" type "', 'digest': '" DIGEST(n) "', 'size': 9" more "}"
#define MANIFEST(n, more) BLOB(OCI "manifest.v1+json", n, more)
#define PLATFORM(arch) ", 'platform': {'os': 'linux', 'architecture': '" arch "'}"
#define LAYER(n) BLOB(OCI "layer.v1.tar", n, "")
#define CONFIG(arch)                                                                                                   \
  "{'os': 'linux', 'architecture': '" arch "', 'rootfs': {'diff_ids': ['" DIGEST(8) "', '" DIGEST(9) "']}}"

/* A registry in memory: the blob whose digest begins with a hexadecimal digit. */
static const char *const blobs[16] = {
    [0] = "{'schemaVersion': 2, 'manifests': [" MANIFEST(2, PLATFORM("arm64")) ", " MANIFEST(
        3, PLATFORM("amd64")) ", " BLOB(OCI "index.v1+json", 1, "") "]}",
    [1] = "{'schemaVersion': 2, 'manifests': [" MANIFEST(3, "") "]}",
    [2] = "{'schemaVersion': 2, 'config': " BLOB(OCI "config.v1+json", 4, "") ", 'layers': [" LAYER(6) "]}",
    [3] = "{'schemaVersion': 2, 'config': " BLOB(OCI "config.v1+json", 5, "") ", 'layers': [" LAYER(6) ", " BLOB(
        "application/x-other", 7, "") ", " LAYER(7) "]}",
    [4] = CONFIG("arm64"),
    [5] = CONFIG("amd64"),
};

static char seen[32];

static int source_read(void *context, const struct ctd_descriptor *descriptor, size_t limit, struct ctd_buffer *out,
                       struct ctd_error *err) {
  char *text = quoted_text(blobs[descriptor->digest[7] - '0']);
  (void)context;
  assert_true(limit >= CTD_MANIFEST_LIMIT);
  int result = ctd_buffer_append(out, text, strlen(text), err);
  free(text);
  return result;
}

static int source_keep(void *context, const struct ctd_descriptor *descriptor, const struct ctd_buffer *bytes,
                       const struct ctd_manifest *manifest, struct ctd_error *err) {
  (void)context;
  (void)err;
  assert_int_equal(bytes->data[0], '{');
  size_t used = strlen(seen);
  char kind = 'c';
  if (manifest)
    kind = manifest->is_index ? 'i' : 'm';
  snprintf(seen + used, sizeof seen - used, "%c%c", kind, descriptor->digest[7]);
  return 0;
}

static int load(struct ctd_image_content *out, const char *type, const char *digest, const char *platform,
                struct ctd_error *err) {
  const struct ctd_image_source source = {.read = source_read, .keep = source_keep};
  struct ctd_descriptor target;
  assert_int_equal(ctd_descriptor_make(&target, type, digest, 9, err), 0);
  *seen = '\0';
  int result = ctd_image_load(&target, platform, &source, out, err);
  ctd_descriptor_free(&target);
  return result;
}

static void index_entry_of_the_platform(void **state) {
  struct ctd_image_content content;
  struct ctd_error err = {0};
  (void)state;
  assert_int_equal(load(&content, OCI "index.v1+json", DIGEST(0), "linux/arm64", &err), 0);
  assert_string_equal(seen, "i0m2c4");
  assert_string_equal(content.manifest_descriptor.digest, DIGEST(2));
  assert_int_equal(content.manifest.layer_count, 1);
  assert_string_equal(content.chain_id, "sha256:af8be3f230357e7c4f625d30871ae28fe6ccf4142ffba3cbe52c6bd982e62060");
  ctd_image_content_free(&content);
  assert_int_equal(load(&content, OCI "index.v1+json", DIGEST(0), "linux/amd64", &err), 0);
  assert_string_equal(seen, "i0m3c5");
  ctd_image_content_free(&content);
}

/* An entry without a platform is followed last, and then its config has the say. */
static void entry_without_platform(void **state) {
  struct ctd_image_content content;
  struct ctd_error err = {0};
  (void)state;
  assert_int_equal(load(&content, OCI "index.v1+json", DIGEST(1), "linux/amd64", &err), 0);
  assert_string_equal(seen, "i1m3c5");
  ctd_image_content_free(&content);
  assert_int_equal(load(&content, OCI "index.v1+json", DIGEST(0), "linux/s390x", &err), -1);
  assert_string_equal(seen, "i0i1m3c5");
  assert_int_equal(err.code, CTD_UNSUPPORTED_PLATFORM);
}

/* A manifest that was asked for by its own name is for whoever asks. */
static void manifest_alone(void **state) {
  struct ctd_image_content content;
  struct ctd_error err = {0};
  (void)state;
  assert_int_equal(load(&content, OCI "manifest.v1+json", DIGEST(2), "linux/s390x", &err), 0);
  ctd_image_content_free(&content);
  assert_int_equal(load(&content, OCI "manifest.v1+json", DIGEST(0), NULL, &err), -1);
  assert_int_equal(err.code, CTD_INVALID_ARGUMENT);
}

static void check_labels(const char *type, int blob, size_t count, const char *const (*expected)[2]) {
  struct ctd_manifest manifest;
  struct ctd_labels labels = {0};
  struct ctd_error err = {0};
  char *text = quoted_text(blobs[blob]);
  assert_int_equal(ctd_manifest_parse(&manifest, type, text, strlen(text), &err), 0);
  assert_int_equal(ctd_gc_labels(&labels, &manifest, &err), 0);
  assert_int_equal(labels.count, count);
  for (size_t i = 0; i < count; i++) {
    assert_string_equal(labels.items[i].key, expected[i][0]);
    assert_string_equal(labels.items[i].value, expected[i][1]);
  }
  ctd_labels_free(&labels);
  ctd_manifest_free(&manifest);
  free(text);
}

static void gc_labels(void **state) {
  static const char *const index[][2] = {
      {"containerd.io/gc.ref.content.0", DIGEST(1)},
      {"containerd.io/gc.ref.content.m.0", DIGEST(2)},
      {"containerd.io/gc.ref.content.m.1", DIGEST(3)},
  };
  static const char *const manifest[][2] = {
      {"containerd.io/gc.ref.content.0", DIGEST(7)},
      {"containerd.io/gc.ref.content.config", DIGEST(5)},
      {"containerd.io/gc.ref.content.l.0", DIGEST(6)},
      {"containerd.io/gc.ref.content.l.1", DIGEST(7)},
  };
  (void)state;
  check_labels(OCI "index.v1+json", 0, 3, index);
  check_labels(OCI "manifest.v1+json", 3, 4, manifest);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(index_entry_of_the_platform),
      cmocka_unit_test(entry_without_platform),
      cmocka_unit_test(manifest_alone),
      cmocka_unit_test(gc_labels),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
