/* JSON values as Lua tables and back. */
#ifndef CTD_LUA_JSON_H
#define CTD_LUA_JSON_H

#include "lua/compat.h"
#include <jansson.h>

/*
 * Pushes a JSON value: arrays as tables with the array marker (so that an empty one stays one), null as
 * containerd.null, integers exactly where Lua has them. Raises for want of memory only.
 */
void ctd_json_push(lua_State *L, const json_t *value);

/*
 * Sets *out (NULL before; it must be owned by something that outlives an error) to the JSON value of what is at
 * `index`: a table with the array marker or with only the keys 1 to n > 0 is an array, another one an object. Raises,
 * naming the path below `name`, for what JSON doesn't have: functions, NaN, strings that aren't UTF-8, cycles, more
 * than 100 levels. The error has the position of the caller at `level` (0: none), as luaL_where counts.
 */
void ctd_json_read(lua_State *L, int index, const char *name, int level, json_t **out);

/* Pushes a box for a JSON value, which is released with it: *the result is NULL and may be set. */
json_t **ctd_json_box(lua_State *L);

/* containerd.array([t]); containerd.null, pushed. */
int ctd_json_array_function(lua_State *L);
void ctd_json_push_null(lua_State *L);

/* Makes the array marker and the boxes' metatable. */
void ctd_json_open(lua_State *L);

#endif
