/* The handles of operations. Those of asynchronous ones are the futures that scripts see. */
#ifndef CTD_LUA_FUTURE_H
#define CTD_LUA_FUTURE_H

#include "lua/op.h"

/* Pushes a handle of a new operation. */
struct ctd_op *ctd_future_push(lua_State *L, const struct ctd_method *method, bool blocking);

/* The operation of the handle at `index`; raises if it's none, or closed. Borrowed from the handle. */
struct ctd_op *ctd_future_check(lua_State *L, int index);

/* Pushes the handle of an operation, nil if it's closed or gone. */
void ctd_future_find(lua_State *L, struct ctd_op *op);

/* core.traits(handle) -> is_blocking, is_endless: whether it's no future but a method's own operation, and whether it
 * may never end by itself; nothing if it's closed. */
int ctd_future_traits(lua_State *L);

/* Into the table on top: what containerd.wait needs of handles, as functions of a handle. */
void ctd_future_functions(lua_State *L);

/* Makes the metatable, with the table of methods on top as __index; pops it. */
void ctd_future_open(lua_State *L);

#endif
