#include "oci/archive.h"

#include "cmocka_all.h"
#include <stdlib.h>
#include <string.h>

static void manifests_taken(void **state) {
  static const char *const texts[] = {
      "[]",
      "[{\"Config\":\"a\"}]",
      "[{\"Config\":\"a\",\"RepoTags\":null,\"Layers\":null}]",
      "[{\"Config\":\"a\",\"RepoTags\":[\"b:1\"],\"Layers\":[\"c\",\"d\"],\"LayerSources\":{}}]",
  };
  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    struct ctd_error err = {0};
    json_t *images = NULL;
    if (ctd_docker_manifest_parse(&images, texts[i], strlen(texts[i]), &err))
      fail_msg("%s: %s", texts[i], err.message);
    json_decref(images);
  }
}

static void manifests_refused(void **state) {
  static const char *const texts[] = {
      "",
      "{}",
      "[1]",
      "[{}]",
      "[{\"Config\":1}]",
      "[{\"Config\":\"a\",\"Layers\":\"b\"}]",
      "[{\"Config\":\"a\",\"Layers\":[1]}]",
      "[{\"Config\":\"a\",\"RepoTags\":[null]}]",
      "[{\"Config\":\"a\",\"Config\":\"b\"}]",
      "[{\"Config\":\"a\"}",
  };
  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    struct ctd_error err = {0};
    json_t *images = NULL;
    assert_int_equal(ctd_docker_manifest_parse(&images, texts[i], strlen(texts[i]), &err), -1);
    assert_int_equal(err.code, CTD_INVALID_ARGUMENT);
    assert_non_null(strstr(err.message, "manifest.json"));
  }
}

static void paths(void **state) {
  static const struct {
    const char *base, *path, *expected; /* NULL: it leads out */
  } cases[] = {
      {NULL, "a/b", "a/b"},        {NULL, "./a//b/.", "a/b"}, {NULL, "a/../b", "b"},
      {NULL, "a/b/../../c/", "c"}, {NULL, "..a", "..a"},      {NULL, "..", NULL},
      {NULL, "a/../../b", NULL},   {NULL, "/a", NULL},        {NULL, "", ""},
      {"a/b/link", "../c", "a/c"}, {"link", "c", "c"},        {"link", "../c", NULL},
      {"a/link", "../../c", NULL}, {"a/link", "/c", NULL},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct ctd_error err = {0};
    char *path = NULL;
    int result = ctd_archive_path(&path, cases[i].base, cases[i].path, &err);
    assert_int_equal(result, cases[i].expected ? 0 : -1);
    if (cases[i].expected)
      assert_string_equal(path, cases[i].expected);
    free(path);
  }
}

static void names(void **state) {
  static const struct {
    const char *ref_name, *image_name, *prefix;
    bool only;
    const char *expected; /* NULL: none */
  } cases[] = {
      {NULL, NULL, "p", false, NULL},
      {"latest", NULL, NULL, false, "latest"},
      {"latest", NULL, "docker.io/p", false, "docker.io/p:latest"},
      {"latest", NULL, "docker.io/p", true, "docker.io/p:latest"},
      {"docker.io/q:1", NULL, "docker.io/p", false, "docker.io/q:1"},
      {"docker.io/q:1", NULL, "docker.io/p", true, NULL},
      {"docker.io/p:1", NULL, "docker.io/p", true, "docker.io/p:1"},
      {"docker.io/p/q:1", NULL, "docker.io/p", true, "docker.io/p/q:1"},
      {"docker.io/pq:1", NULL, "docker.io/p", true, NULL},
      {"latest", "docker.io/full:1", "docker.io/p", true, "docker.io/full:1"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct ctd_error err = {0};
    char *name = NULL;
    json_t *annotations = json_object();
    if (cases[i].ref_name)
      json_object_set_new(annotations, CTD_ANNOTATION_REF_NAME, json_string(cases[i].ref_name));
    if (cases[i].image_name)
      json_object_set_new(annotations, CTD_ANNOTATION_IMAGE_NAME, json_string(cases[i].image_name));
    assert_int_equal(ctd_archive_name(&name, annotations, cases[i].prefix, cases[i].only, &err), 0);
    assert_string_equal(name ? name : "none", cases[i].expected ? cases[i].expected : "none");
    free(name);
    json_decref(annotations);
  }
}

static void names_shown(void **state) {
  static const struct {
    const char *name, *tag, *familiar; /* NULL: none */
  } cases[] = {
      {"docker.io/library/redis:7", "7", "redis:7"},
      {"docker.io/a/b:1", "1", "a/b:1"},
      {"localhost:5000/a:1", "1", "localhost:5000/a:1"},
      {"localhost:5000/a", "localhost:5000/a", "localhost:5000/a:latest"},
      {"name", "name", "name:latest"},
      {"Not a reference", "Not a reference", NULL},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct ctd_error err = {0};
    char *familiar = NULL;
    assert_string_equal(ctd_archive_tag(cases[i].name), cases[i].tag);
    assert_int_equal(ctd_archive_familiar(&familiar, cases[i].name, &err), 0);
    assert_string_equal(familiar ? familiar : "none", cases[i].familiar ? cases[i].familiar : "none");
    free(familiar);
  }
}

static void layouts(void **state) {
  static const struct {
    const char *text;
    bool taken;
  } cases[] = {
      {"{\"imageLayoutVersion\":\"1.0.0\"}", true},
      {"{\"imageLayoutVersion\":\"1.0.1\"}", false},
      {"{\"imageLayoutVersion\":1}", false},
      {"{}", false},
      {"", false},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct ctd_error err = {0};
    assert_int_equal(ctd_layout_check(cases[i].text, strlen(cases[i].text), &err), cases[i].taken ? 0 : -1);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(manifests_taken), cmocka_unit_test(manifests_refused), cmocka_unit_test(paths),
      cmocka_unit_test(names),           cmocka_unit_test(names_shown),       cmocka_unit_test(layouts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
