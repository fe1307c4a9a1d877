#include "rpc/wire.h"
#include <stdlib.h>
#include <string.h>

static size_t varint(uint8_t *out, uint64_t value) {
  size_t size = 0;
  for (; value >= 0x80; value >>= 7)
    out[size++] = (uint8_t)(value | 0x80);
  out[size++] = (uint8_t)value;
  return size;
}

static void prefix_put(uint8_t *out, size_t length) {
  *out++ = 0; /* not compressed */
  for (int shift = 24; shift >= 0; shift -= 8)
    *out++ = (uint8_t)(length >> shift);
}

/* `tag` is what stands before `data`. */
static int wire_pack(struct ctd_wire *out, const ProtobufCMessage *message, const uint8_t *tag, size_t tag_size,
                     struct ctd_error *err) {
  size_t size = protobuf_c_message_get_packed_size(message);
  size_t length = size + tag_size + out->data_size;
  if (length > CTD_MESSAGE_LIMIT)
    return ctd_error_set(err, CTD_RESOURCE_EXHAUSTED, "a message has at most %d bytes, not %zu", CTD_MESSAGE_LIMIT,
                         length);
  out->head_size = CTD_WIRE_PREFIX + size + tag_size;
  out->head = malloc(out->head_size);
  if (!out->head)
    return ctd_error_nomem(err);
  prefix_put(out->head, length);
  protobuf_c_message_pack(message, out->head + CTD_WIRE_PREFIX);
  memcpy(out->head + CTD_WIRE_PREFIX + size, tag, tag_size);
  return 0;
}

int ctd_wire_pack(struct ctd_wire *out, const ProtobufCMessage *message, struct ctd_error *err) {
  memset(out, 0, sizeof *out);
  return wire_pack(out, message, (const uint8_t *)"", 0, err);
}

int ctd_wire_pack_data(struct ctd_wire *out, const ProtobufCMessage *message, unsigned field, const void *data,
                       size_t size, struct ctd_error *err) {
  uint8_t tag[20];
  size_t tag_size = varint(tag, field << 3 | 2);
  tag_size += varint(tag + tag_size, size);
  memset(out, 0, sizeof *out);
  out->data = data;
  out->data_size = size;
  return wire_pack(out, message, tag, tag_size, err);
}

void ctd_wire_free(struct ctd_wire *wire) {
  free(wire->head);
  memset(wire, 0, sizeof *wire);
}

size_t ctd_wire_length(const uint8_t prefix[CTD_WIRE_PREFIX]) {
  return (size_t)prefix[1] << 24 | (size_t)prefix[2] << 16 | (size_t)prefix[3] << 8 | prefix[4];
}

int ctd_wire_unpack(ProtobufCMessage **out, const ProtobufCMessageDescriptor *type, struct ctd_pool *pool,
                    const uint8_t *data, size_t size, struct ctd_error *err) {
  *out = pool ? ctd_pool_unpack(pool, type, data, size) : protobuf_c_message_unpack(type, NULL, size, data);
  return *out ? 0 : ctd_error_set(err, CTD_DATA_LOSS, "the answer is not a %s", type->name);
}

/* A reader of the encoding (https://protobuf.dev/programming-guides/encoding). */
struct cursor {
  const uint8_t *at, *end;
};

static bool cursor_varint(struct cursor *cursor, uint64_t *out) {
  *out = 0;
  for (unsigned shift = 0; cursor->at < cursor->end && shift < 64; shift += 7) {
    *out |= (uint64_t)(*cursor->at & 0x7f) << shift;
    if (!(*cursor->at++ & 0x80))
      return true;
  }
  return false;
}

/* Whether it has a field more: a number by itself, or *size bytes. */
static bool cursor_field(struct cursor *cursor, uint64_t *tag, uint64_t *size) {
  if (!cursor_varint(cursor, tag))
    return false;
  *size = 0;
  switch (*tag & 7) {
  case 0:
    return cursor_varint(cursor, &(uint64_t){0});
  case 1:
    *size = 8;
    break;
  case 2:
    if (!cursor_varint(cursor, size))
      return false;
    break;
  case 5:
    *size = 4;
    break;
  default:
    return false;
  }
  return *size <= (uint64_t)(cursor->end - cursor->at);
}

int ctd_wire_find(const uint8_t *message, size_t message_size, unsigned field, const uint8_t **data, size_t *size,
                  struct ctd_error *err) {
  struct cursor cursor = {message, message + message_size};
  uint64_t tag, length;
  *size = 0;
  while (cursor.at < cursor.end) {
    if (!cursor_field(&cursor, &tag, &length))
      return ctd_error_set(err, CTD_DATA_LOSS, "the answer is no message");
    if (tag == (field << 3 | 2)) {
      *data = cursor.at;
      *size = length;
    }
    cursor.at += length;
  }
  return 0;
}
