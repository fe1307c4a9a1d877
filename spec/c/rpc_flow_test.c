/* Streams whose ends don't keep pace: what holds back whom. */
#include "cmocka_all.h"
#include "rpc_fixture.h"
#include <stdlib.h>
#include <string.h>

#define MIB ((size_t)1 << 20)
#define MESSAGE ((size_t)100000) /* bytes of a message that /floods sends */
#define COUNT 64                 /* so many does it send */

static uint8_t byte_of(size_t offset) {
  return (uint8_t)(offset * 31 + (offset >> 8));
}

static uint8_t *pattern(size_t size) {
  uint8_t *data = malloc(size);
  assert_non_null(data);
  for (size_t i = 0; i < size; i++)
    data[i] = byte_of(i);
  return data;
}

/* It keeps what it gets, and says so at the end. */
static void keeps(struct h2_request *request) {
  h2_message(request, (char[]){10, 4, 'd', 'o', 'n', 'e'}, 6);
  h2_finish(request, "0", NULL);
}

static void floods(struct h2_request *request) {
  uint8_t *content = calloc(1, MESSAGE), *data = malloc(MESSAGE + 16);
  for (int i = 0; i < COUNT; i++) {
    BytesValue value = bytes_value(content, MESSAGE);
    memset(content, i, MESSAGE);
    h2_message(request, data, google__protobuf__bytes_value__pack(&value, data));
  }
  free(content);
  free(data);
  h2_finish(request, "0", NULL);
}

static const struct h2_method methods[] = {
    {"/echo", rpc_echo, true}, {"/keeps", keeps, false}, {"/floods", floods, false}, {NULL, NULL, false}};

static void check_kept(const struct h2_request *request, size_t size) {
  const size_t head = 5 + 1 + (size < (1 << 21) ? 3 : 4);
  assert_int_equal(request->in.size, head + size);
  for (size_t i = 0; i < size; i++)
    if ((uint8_t)request->in.data[head + i] != byte_of(i))
      fail_msg("a wrong byte at %zu", i);
}

static int send_data(struct ctd_stream *stream, const uint8_t *data, size_t size) {
  BytesValue nothing = GOOGLE__PROTOBUF__BYTES_VALUE__INIT;
  return ctd_stream_send_data(stream, &nothing.base, 1, data, size, &rpc.err);
}

static void large_messages_pass_a_small_window(void **state) {
  const size_t size = 4 * MIB;
  uint8_t *data = pattern(size);
  (void)state;
  for (int i = 0; i < 2; i++) {
    rpc_restart((struct h2_server){.window = i ? 0 : 1000});
    struct ctd_stream *stream = rpc_stream("/keeps");
    assert_int_equal(send_data(stream, data, size), 0);
    ctd_stream_close_send(stream);
    rpc_receive(stream, "done");
    rpc_receive_end(stream);
    check_kept(h2_server_await(&rpc.server, 1), size);
    ctd_stream_free(stream);
  }
  assert_int_equal(send_data(NULL, data, 16 * MIB), -1);
  rpc_check_failure(-1, CTD_RESOURCE_EXHAUSTED, "at most 16777216 bytes");
  free(data);
}

/* Nothing of it is sent later, from memory that may be gone. */
static void sending_ends_with_its_scope(void **state) {
  const size_t size = 4 * MIB;
  uint8_t *data = pattern(size);
  struct ctd_scope soon;
  ProtobufCMessage *reply;
  (void)state;
  for (int i = 0; i < 2; i++) {
    rpc_restart((struct h2_server){.window = i ? 16 << 20 : 0});
    rpc_check_reply(rpc_call("/echo", "a"), "a"); /* so that the window is known */
    struct ctd_stream *stream = rpc_stream("/keeps");
    BytesValue value = bytes_value(data, size);
    h2_server_lock(&rpc.server);
    ctd_scope_init(&soon, 0.1);
    rpc_check_failure(ctd_stream_send_within(stream, &value.base, &soon, &rpc.err), CTD_DEADLINE_EXCEEDED, "timed out");
    memset(data, 'x', size);
    h2_server_unlock(&rpc.server);
    rpc_check_failure(ctd_stream_receive(stream, &reply, &rpc.err), CTD_DEADLINE_EXCEEDED, "timed out");
    ctd_stream_free(stream);
  }
  free(data);
}

static size_t sent(struct h2_request *request) {
  h2_server_lock(&rpc.server);
  size_t size = request->sent;
  h2_server_unlock(&rpc.server);
  return size;
}

/* How much a server gets rid of while nobody takes it, though the connection is read for others. */
static size_t sent_at_most(struct h2_request *request) {
  size_t size = 0;
  for (int same = 0; same < 5; same++) {
    size_t before = size;
    rpc_check_reply(rpc_call("/echo", "a"), "a");
    if ((size = sent(request)) != before)
      same = 0;
  }
  return size;
}

static void check_flood(struct ctd_stream *stream, int number) {
  struct ctd_buffer data = {0};
  bool ended;
  assert_int_equal(ctd_stream_receive_data(stream, 1, &data, &ended, &rpc.err), 0);
  assert_false(ended);
  assert_int_equal(data.size, MESSAGE);
  for (size_t i = 0; i < data.size; i++)
    if (data.data[i] != number)
      fail_msg("a wrong byte at %zu of %d", i, number);
  ctd_buffer_free(&data);
}

static void a_slow_reader_holds_the_server_back(void **state) {
  BytesValue nothing = GOOGLE__PROTOBUF__BYTES_VALUE__INIT;
  struct ctd_stream *streams[3];
  (void)state;
  for (int i = 0; i < 3; i++)
    assert_int_equal(
        ctd_stream_request(&streams[i], &rpc.target, "/floods", &nothing.base, &bytes_type, &rpc.scope, &rpc.err), 0);
  for (int i = 0; i < 3; i++) {
    size_t size = sent_at_most(h2_server_await(&rpc.server, i + 1));
    assert_true(size > MIB / 2);
    assert_true(size <= MIB + MESSAGE + 32768);
  }
  for (int number = 0; number < COUNT; number++)
    for (int i = 0; i < 2; i++)
      check_flood(streams[i], number);
  for (int i = 0; i < 3; i++) {
    if (i < 2)
      rpc_receive_end(streams[i]);
    ctd_stream_free(streams[i]);
  }
  assert_int_equal(h2_server_connected(&rpc.server), 1);
}

struct sender {
  struct ctd_stream *stream;
  const uint8_t *data;
  size_t size;
  int count, sent;
};

static void *send_many(void *context) {
  struct sender *sender = context;
  struct ctd_error err = {0};
  BytesValue nothing = GOOGLE__PROTOBUF__BYTES_VALUE__INIT;
  while (sender->sent < sender->count &&
         !ctd_stream_send_data(sender->stream, &nothing.base, 1, sender->data, sender->size, &err))
    sender->sent++;
  ctd_stream_close_send(sender->stream);
  ctd_error_clear(&err);
  return NULL;
}

static void receive_many(const struct sender *sender) {
  for (int i = 0; i < sender->count; i++) {
    struct ctd_buffer data = {0};
    bool ended;
    if (ctd_stream_receive_data(sender->stream, 1, &data, &ended, &rpc.err))
      fail_msg("%s", rpc.err.message);
    assert_int_equal(data.size, sender->size);
    assert_memory_equal(data.data, sender->data, sender->size);
    ctd_buffer_free(&data);
  }
  rpc_receive_end(sender->stream);
}

/* The messages are answered while they are sent, or not taken before all are sent. */
static void much_goes_both_ways(void **state) {
  const size_t size = 50000;
  uint8_t *data = pattern(size);
  (void)state;
  for (int i = 0; i < 2; i++) {
    struct sender sender = {rpc_stream("/echo"), data, size, 160, 0};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, send_many, &sender), 0);
    if (i == 0)
      receive_many(&sender);
    pthread_join(thread, NULL);
    assert_int_equal(sender.sent, sender.count);
    if (i == 1)
      receive_many(&sender);
    ctd_stream_free(sender.stream);
  }
  free(data);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(large_messages_pass_a_small_window, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(sending_ends_with_its_scope, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(a_slow_reader_holds_the_server_back, rpc_set_up, rpc_tear_down),
      cmocka_unit_test_setup_teardown(much_goes_both_ways, rpc_set_up, rpc_tear_down),
  };
  rpc.server.methods = methods;
  return cmocka_run_group_tests(tests, NULL, NULL);
}
