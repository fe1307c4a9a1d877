/* A message's fields that aren't messages, from Lua; and names as Lua has them. */
#ifndef CTD_LUA_MESSAGE_SCALAR_H
#define CTD_LUA_MESSAGE_SCALAR_H

#include "lua/op.h"
#include <protobuf-c/protobuf-c.h>

/*
 * Reads the value at `index` into the field's place `out`; what it needs belongs to the operation. Raises misuse that
 * names `name`, and for an enum's value that isn't one the nearest that is.
 */
void ctd_message_read_scalar(lua_State *L, int index, struct ctd_op *op, const char *name,
                             const ProtobufCFieldDescriptor *field, void *out);

void ctd_message_read_bytes(lua_State *L, int index, struct ctd_op *op, const char *name, ProtobufCBinaryData *out);

/* Pushes an enum value's name in lower case. */
const char *ctd_message_push_lower(lua_State *L, const char *name);

#endif
