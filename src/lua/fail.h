/* Errors on their way to the script: the one place where a ctd_error is raised, or returned as nil, err, code. */
#ifndef CTD_LUA_FAIL_H
#define CTD_LUA_FAIL_H

#include "base/error.h"
#include "lua/compat.h"

/*
 * Pushes an empty error object and gives the error in it, for a core function to fill in: whatever raises afterwards,
 * the collector releases it.
 */
struct ctd_error *ctd_fail_box(lua_State *L);

/* Ends a function whose error object is on top of the stack: raises it, or if `safe` returns nil, err, code. */
int ctd_fail(lua_State *L, bool safe);

/* The error in the value at `index`, NULL if it is no error object. */
const struct ctd_error *ctd_fail_test(lua_State *L, int index);

/* Makes the error objects' metatable. */
void ctd_fail_open(lua_State *L);

/* containerd.is_error(value [, code]); containerd.codes as a table, pushed. */
int ctd_fail_is_error(lua_State *L);
void ctd_fail_push_codes(lua_State *L);

#endif
