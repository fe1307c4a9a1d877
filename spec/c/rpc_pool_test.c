/* Messages in a pool. */
#include "cmocka_all.h"
#include "events.pb-c.h"
#include "rpc/pool.h"
#include <google/protobuf/any.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>
#include <stdlib.h>
#include <string.h>

typedef Containerd__Types__Envelope Envelope;

/* An envelope with a topic and a value of so many bytes. */
static const Envelope *unpack(struct ctd_pool *pool, const char *topic, size_t size) {
  Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
  Google__Protobuf__Any event = GOOGLE__PROTOBUF__ANY__INIT;
  Envelope envelope = CONTAINERD__TYPES__ENVELOPE__INIT;
  uint8_t *value = calloc(1, size + 1), *bytes = malloc(size + 200);
  assert_non_null(value);
  assert_non_null(bytes);
  time.seconds = 7;
  event.value = (ProtobufCBinaryData){size, value};
  envelope.topic = (char *)topic;
  envelope.timestamp = &time;
  envelope.event = &event;
  size_t length = protobuf_c_message_pack(&envelope.base, bytes);
  const ProtobufCMessage *message = ctd_pool_unpack(pool, &containerd__types__envelope__descriptor, bytes, length);
  free(bytes);
  free(value);
  return (const Envelope *)message;
}

static void check(const Envelope *envelope, const char *topic, size_t size) {
  assert_non_null(envelope);
  assert_string_equal(envelope->topic, topic);
  assert_int_equal(envelope->timestamp->seconds, 7);
  assert_int_equal(envelope->event->value.len, size);
  for (size_t i = 0; i < size; i++)
    assert_int_equal(envelope->event->value.data[i], 0);
}

static void messages_last_until_the_pool_is_reset(void **state) {
  struct ctd_pool pool = {0};
  const Envelope *small[100];
  (void)state;
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < 100; i++)
      small[i] = unpack(&pool, "/small", (size_t)i);
    const Envelope *large = unpack(&pool, "/large", 100000);
    for (int i = 0; i < 100; i++)
      check(small[i], "/small", (size_t)i);
    check(large, "/large", 100000);
    ctd_pool_reset(&pool);
  }
  ctd_pool_free(&pool);
  ctd_pool_free(&pool);
}

static void an_empty_pool_can_be_reset(void **state) {
  struct ctd_pool pool = {0};
  (void)state;
  ctd_pool_reset(&pool);
  check(unpack(&pool, "/after", 3), "/after", 3);
  ctd_pool_free(&pool);
}

static void what_is_no_message_is_none(void **state) {
  struct ctd_pool pool = {0};
  const uint8_t bytes[] = {10, 4, 'a', 'b', 'c', 'd', 34, 200};
  (void)state;
  assert_null(ctd_pool_unpack(&pool, &containerd__types__envelope__descriptor, bytes, sizeof bytes));
  check(unpack(&pool, "/after", 3), "/after", 3);
  ctd_pool_free(&pool);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(messages_last_until_the_pool_is_reset),
      cmocka_unit_test(an_empty_pool_can_be_reset),
      cmocka_unit_test(what_is_no_message_is_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
