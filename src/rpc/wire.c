#include "rpc/wire.h"
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>

static grpc_byte_buffer *buffer_of(grpc_slice *slices, size_t count) {
  grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(slices, count);
  for (size_t i = 0; i < count; i++)
    grpc_slice_unref(slices[i]);
  return buffer;
}

grpc_byte_buffer *ctd_wire_pack(const ProtobufCMessage *message) {
  grpc_slice slice = grpc_slice_malloc(protobuf_c_message_get_packed_size(message));
  protobuf_c_message_pack(message, GRPC_SLICE_START_PTR(slice));
  return buffer_of(&slice, 1);
}

static size_t varint(uint8_t *out, uint64_t value) {
  size_t size = 0;
  for (; value >= 0x80; value >>= 7)
    out[size++] = (uint8_t)(value | 0x80);
  out[size++] = (uint8_t)value;
  return size;
}

grpc_byte_buffer *ctd_wire_pack_data(const ProtobufCMessage *message, unsigned field, grpc_slice data) {
  uint8_t tag[20];
  size_t tag_size = varint(tag, field << 3 | 2);
  tag_size += varint(tag + tag_size, GRPC_SLICE_LENGTH(data));
  size_t size = protobuf_c_message_get_packed_size(message);
  grpc_slice slices[2] = {grpc_slice_malloc(size + tag_size), data};
  protobuf_c_message_pack(message, GRPC_SLICE_START_PTR(slices[0]));
  for (size_t i = 0; i < tag_size; i++)
    GRPC_SLICE_START_PTR(slices[0])[size + i] = tag[i];
  return buffer_of(slices, 2);
}

int ctd_wire_unpack(ProtobufCMessage **out, const ProtobufCMessageDescriptor *type, grpc_byte_buffer *buffer,
                    struct ctd_error *err) {
  grpc_byte_buffer_reader reader;
  if (!buffer || !grpc_byte_buffer_reader_init(&reader, buffer))
    return ctd_error_set(err, CTD_DATA_LOSS, "the answer could not be read");
  grpc_slice all = grpc_byte_buffer_reader_readall(&reader);
  *out = protobuf_c_message_unpack(type, NULL, GRPC_SLICE_LENGTH(all), GRPC_SLICE_START_PTR(all));
  grpc_slice_unref(all);
  grpc_byte_buffer_reader_destroy(&reader);
  return *out ? 0 : ctd_error_set(err, CTD_DATA_LOSS, "the answer is not a %s", type->name);
}
