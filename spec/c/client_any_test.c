#include "client/any.h"

#include "cmocka_all.h"
#include "content.pb-c.h"
#include <stdlib.h>

static struct ctd_error err;

static void set(struct ctd_labels *labels, const char *key, const char *value) {
  assert_int_equal(ctd_labels_set(labels, key, value, &err), 0);
}

static void labels_are_sorted_and_unique(void **state) {
  struct ctd_labels labels = {0};
  (void)state;
  assert_null(ctd_labels_get(&labels, "a"));
  set(&labels, "b", "1");
  set(&labels, "c", "2");
  set(&labels, "a", "3");
  set(&labels, "b", "4");
  assert_int_equal(labels.count, 3);
  assert_string_equal(labels.items[0].key, "a");
  assert_string_equal(labels.items[1].key, "b");
  assert_string_equal(labels.items[2].key, "c");
  assert_string_equal(ctd_labels_get(&labels, "a"), "3");
  assert_string_equal(ctd_labels_get(&labels, "b"), "4");
  assert_null(ctd_labels_get(&labels, "bb"));
  ctd_labels_free(&labels);
  ctd_labels_free(&labels);
}

static void labels_are_copied(void **state) {
  struct ctd_labels from = {0}, to = {0};
  (void)state;
  set(&from, "a", "1");
  set(&from, "b", "2");
  set(&to, "b", "old");
  set(&to, "c", "3");
  assert_int_equal(ctd_labels_copy(&to, &from, &err), 0);
  ctd_labels_free(&from);
  assert_int_equal(to.count, 3);
  assert_string_equal(ctd_labels_get(&to, "b"), "2");
  ctd_labels_free(&to);
}

static void labels_from_json(void **state) {
  struct ctd_labels labels = {0};
  json_t *object = json_pack("{s:s, s:s}", "x", "1", "a", "2");
  (void)state;
  assert_int_equal(ctd_labels_from_json(&labels, NULL, &err), 0);
  assert_int_equal(labels.count, 0);
  assert_int_equal(ctd_labels_from_json(&labels, object, &err), 0);
  json_decref(object);
  assert_int_equal(labels.count, 2);
  assert_string_equal(ctd_labels_get(&labels, "x"), "1");
  ctd_labels_free(&labels);
}

/* Through the wire and back. */
static void maps(void **state) {
  Containerd__Services__Content__V1__Info info = CONTAINERD__SERVICES__CONTENT__V1__INFO__INIT, *got;
  struct ctd_labels labels = {0}, back = {0};
  (void)state;
  assert_int_equal(ctd_map_from_labels(&labels, &containerd__services__content__v1__info__labels_entry__descriptor,
                                       &info.labels, &info.n_labels, &err),
                   0);
  assert_null(info.labels);
  set(&labels, "k", "v");
  set(&labels, "empty", "");
  assert_int_equal(ctd_map_from_labels(&labels, &containerd__services__content__v1__info__labels_entry__descriptor,
                                       &info.labels, &info.n_labels, &err),
                   0);
  size_t size = protobuf_c_message_get_packed_size(&info.base);
  uint8_t *bytes = malloc(size);
  protobuf_c_message_pack(&info.base, bytes);
  got = (void *)protobuf_c_message_unpack(info.base.descriptor, NULL, size, bytes);
  assert_int_equal(ctd_labels_from_map(&back, got->labels, got->n_labels, &err), 0);
  assert_int_equal(back.count, 2);
  assert_string_equal(ctd_labels_get(&back, "k"), "v");
  assert_string_equal(ctd_labels_get(&back, "empty"), "");
  protobuf_c_message_free_unpacked(&got->base, NULL);
  free(bytes);
  free(info.labels);
  ctd_labels_free(&labels);
  ctd_labels_free(&back);
}

static void timestamps(void **state) {
  Google__Protobuf__Timestamp timestamp = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
  (void)state;
  assert_true(ctd_timestamp_seconds(NULL) == 0);
  timestamp.seconds = 12;
  timestamp.nanos = 500000000;
  assert_true(ctd_timestamp_seconds(&timestamp) == 12.5);
  timestamp.seconds = -62135596800; /* Go's zero time */
  timestamp.nanos = 0;
  assert_true(ctd_timestamp_seconds(&timestamp) == 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(labels_are_sorted_and_unique),
      cmocka_unit_test(labels_are_copied),
      cmocka_unit_test(labels_from_json),
      cmocka_unit_test(maps),
      cmocka_unit_test(timestamps),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
