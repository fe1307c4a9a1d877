/*
 * Protobuf messages as Lua tables and back, from their descriptors alone. Fields have the names of the .proto files;
 * enum values are their names in lower case, maps tables, bytes strings, repeated fields arrays; empty strings and
 * unset messages are nil. Some messages have a shape of their own:
 *
 * - Timestamp: seconds since 1970; Duration: seconds. Go's zero time is nil.
 * - google.protobuf.StringValue and its like: the value, nil if it's unset.
 * - containerd.types.Platform: "os/architecture[/variant]"; a table where that doesn't tell all. Both are taken.
 * - Any: the decoded table with its type as "@type", where that is known (values in JSON too), else {type_url, value}
 *   with bytes. Both are taken, and {type_url, value} with a table as value. What has a shape of its own stands in the
 *   decoded table as "value".
 */
#ifndef CTD_LUA_MESSAGE_H
#define CTD_LUA_MESSAGE_H

#include "google/protobuf/any.pb-c.h"
#include "lua/op.h"
#include "rpc/pool.h"

/* Pushes a message. */
void ctd_message_push(lua_State *L, const ProtobufCMessage *message);

/* The same for what an Any holds, without "@type". */
void ctd_message_push_any(lua_State *L, const Google__Protobuf__Any *any);

/* An array of messages; the field of an answer and its count. */
void ctd_message_push_array(lua_State *L, ProtobufCMessage *const *messages, size_t count);

/*
 * The value at `index` as a message of this type, which belongs to the operation. Raises misuse that names the field
 * below `name`.
 */
ProtobufCMessage *ctd_message_read(lua_State *L, int index, struct ctd_op *op, const char *name,
                                   const ProtobufCMessageDescriptor *type);

/* The same for one field of a message, `field` by its name in the .proto file; and a reader of options that are the
 * fields of their names of `target`, a message. */
void ctd_message_read_field(lua_State *L, int index, struct ctd_op *op, const char *name, ProtobufCMessage *message,
                            const char *field);
void ctd_message_read_option(lua_State *L, int index, struct ctd_op *op, const char *name, void *target);

/*
 * The value at `index` as an Any of this type: a table or a string of bytes, or {type_url, value}. It belongs to the
 * operation; `type_url` is borrowed.
 */
Google__Protobuf__Any *ctd_message_read_any(lua_State *L, int index, struct ctd_op *op, const char *name,
                                            const char *type_url);

/* Pushes a pool, which is freed when it's collected; it may be earlier. */
struct ctd_pool *ctd_message_pool(lua_State *L);

/* Makes the pools' metatable. */
void ctd_message_open(lua_State *L);

#endif
