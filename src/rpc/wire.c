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

int ctd_wire_unpack(ProtobufCMessage **out, const ProtobufCMessageDescriptor *type, const uint8_t *data, size_t size,
                    struct ctd_error *err) {
  *out = protobuf_c_message_unpack(type, NULL, size, data);
  return *out ? 0 : ctd_error_set(err, CTD_DATA_LOSS, "the answer is not a %s", type->name);
}
