#include "rpc/wire.h"

#include "cmocka_all.h"
#include <google/protobuf/wrappers.pb-c.h>
#include <string.h>

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

static Google__Protobuf__StringValue string_value(const char *text) {
  Google__Protobuf__StringValue value = GOOGLE__PROTOBUF__STRING_VALUE__INIT;
  value.value = (char *)text;
  return value;
}

static void check_wire(const struct ctd_wire *wire, const char *head, size_t head_size) {
  assert_int_equal(wire->head_size, head_size);
  assert_memory_equal(wire->head, head, head_size);
}

static void a_length_stands_before_a_message(void **state) {
  struct ctd_error err = {0};
  struct ctd_wire wire;
  char text[301] = {0};
  (void)state;
  Google__Protobuf__StringValue value = string_value("abc");
  assert_int_equal(ctd_wire_pack(&wire, &value.base, &err), 0);
  check_wire(&wire, "\0\0\0\0\5\12\3abc", 10);
  assert_int_equal(ctd_wire_length(wire.head), 5);
  assert_null(wire.data);
  ctd_wire_free(&wire);
  assert_null(wire.head);
  memset(text, 'x', sizeof text - 1);
  value = string_value(text);
  assert_int_equal(ctd_wire_pack(&wire, &value.base, &err), 0);
  assert_int_equal(wire.head_size, 8 + 300);
  assert_memory_equal(wire.head, "\0\0\0\1\57\12\254\2x", 9);
  ctd_wire_free(&wire);
  value = string_value("");
  assert_int_equal(ctd_wire_pack(&wire, &value.base, &err), 0);
  check_wire(&wire, "\0\0\0\0\0", 5);
  ctd_wire_free(&wire);
}

static void data_is_sent_from_where_it_is(void **state) {
  struct ctd_error err = {0};
  struct ctd_wire wire;
  char data[200] = {0};
  Google__Protobuf__StringValue value = string_value("abc");
  (void)state;
  assert_int_equal(ctd_wire_pack_data(&wire, &value.base, 6, data, sizeof data, &err), 0);
  check_wire(&wire, "\0\0\0\0\320\12\3abc\62\310\1", 13);
  assert_ptr_equal(wire.data, data);
  assert_int_equal(wire.data_size, sizeof data);
  ctd_wire_free(&wire);
  assert_int_equal(ctd_wire_pack_data(&wire, &value.base, 20, "", 0, &err), 0);
  check_wire(&wire, "\0\0\0\0\10\12\3abc\242\1\0", 13);
  ctd_wire_free(&wire);
  assert_int_equal(ctd_wire_pack_data(&wire, &value.base, 6, data, CTD_MESSAGE_LIMIT - 9, &err), -1);
  assert_int_equal(err.code, CTD_RESOURCE_EXHAUSTED);
  ctd_wire_free(&wire);
  ctd_error_clear(&err);
}

/* Field 3 of each, or NULL where that is no message. */
static const struct {
  const uint8_t *message;
  size_t size;
  const char *found;
} cases[] = {
    {BYTES(""), ""},
    {BYTES("\32\3abc"), "abc"},
    {BYTES("\32\0"), ""},
    {BYTES("\12\1x\32\3abc\42\1y"), "abc"},
    {BYTES("\32\3abc\32\2de"), "de"},
    {BYTES("\10\226\1\32\1a"), "a"},
    {BYTES("\11\32\1a\32\1a\32\1\32\1b"), "b"},
    {BYTES("\15\32\1a\32\32\1c"), "c"},
    {BYTES("\30\1"), ""},
    {BYTES("\232\1\1x"), ""},
    {BYTES("\10\377\377\377\377\377\377\377\377\377\1\32\1d"), "d"},
    {BYTES("\32"), NULL},
    {BYTES("\32\4abc"), NULL},
    {BYTES("\32\377\377\377\377\377\377\377\377\377\1abc"), NULL},
    {BYTES("\32\200"), NULL},
    {BYTES("\10"), NULL},
    {BYTES("\10\200"), NULL},
    {BYTES("\10\200\200\200\200\200\200\200\200\200\200\200\1"), NULL},
    {BYTES("\200"), NULL},
    {BYTES("\11abcdefg"), NULL},
    {BYTES("\15abc"), NULL},
    {BYTES("\13\14"), NULL},
    {BYTES("\16"), NULL},
    {BYTES("\17"), NULL},
};

static void a_field_is_found(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct ctd_error err = {0};
    const uint8_t *data = NULL;
    size_t size = 1;
    int result = ctd_wire_find(cases[i].message, cases[i].size, 3, &data, &size, &err);
    if (result != (cases[i].found ? 0 : -1))
      fail_msg("case %zu: %s", i, err.message);
    if (result)
      assert_int_equal(err.code, CTD_DATA_LOSS);
    else
      assert_int_equal(size, strlen(cases[i].found));
    if (!result && size)
      assert_memory_equal(data, cases[i].found, size);
    ctd_error_clear(&err);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_length_stands_before_a_message),
      cmocka_unit_test(data_is_sent_from_where_it_is),
      cmocka_unit_test(a_field_is_found),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
