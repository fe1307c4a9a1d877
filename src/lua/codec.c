#include "lua/codec.h"
#include "client/message_type.h"
#include "lua/fail.h"
#include "lua/future.h"
#include "lua/message.h"
#include "lua/message_scalar.h"

/* It is never started: what is read belongs to an operation, which goes with its handle. */
static struct ctd_op *operation_push(lua_State *L, const struct ctd_method *method) {
  struct ctd_op *op = ctd_future_push(L, method, false);
  op->level = 1;
  return op;
}

static const ProtobufCMessageDescriptor *type_read(lua_State *L, struct ctd_op *op) {
  const char *name;
  ctd_read_string(L, 1, op, "type", &name);
  const ProtobufCMessageDescriptor *type = ctd_message_type_find(name);
  if (!type)
    ctd_misuse(L, op, "there is no message type \"%s\"", name);
  return type;
}

/* encode(type, value) -> bytes */
static int codec_encode(lua_State *L) {
  static const struct ctd_method method = {.name = "encode"};
  lua_settop(L, 2);
  struct ctd_op *op = operation_push(L, &method);
  const ProtobufCMessage *message = ctd_message_read(L, 2, op, "value", type_read(L, op));
  size_t size = protobuf_c_message_get_packed_size(message);
  uint8_t *bytes = ctd_arena_allocate(L, &op->arena, size + 1);
  protobuf_c_message_pack(message, bytes);
  lua_pushlstring(L, (const char *)bytes, size);
  return 1;
}

/* decode(type, bytes) -> value */
static int codec_decode(lua_State *L) {
  static const struct ctd_method method = {.name = "decode"};
  ProtobufCBinaryData bytes;
  lua_settop(L, 2);
  struct ctd_op *op = operation_push(L, &method);
  const ProtobufCMessageDescriptor *type = type_read(L, op);
  ctd_message_read_bytes(L, 2, op, "bytes", &bytes);
  const ProtobufCMessage *message = ctd_pool_unpack(ctd_message_pool(L), type, bytes.data, bytes.len);
  if (!message) {
    ctd_error_set(ctd_fail_box(L), CTD_DATA_LOSS, "decode: the bytes are no %s", type->name);
    return ctd_fail(L, lua_toboolean(L, lua_upvalueindex(1)));
  }
  ctd_message_push(L, message);
  return 1;
}

void ctd_codec_open(lua_State *L, bool safe) {
  lua_pushcfunction(L, codec_encode);
  lua_setfield(L, -2, "encode");
  lua_pushboolean(L, safe);
  lua_pushcclosure(L, codec_decode, 1);
  lua_setfield(L, -2, "decode");
}
