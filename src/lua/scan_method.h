/* What a method `read` of something that is scanned takes and gives, as a Lua file's does, and its `lines`. */
#ifndef CTD_LUA_SCAN_METHOD_H
#define CTD_LUA_SCAN_METHOD_H

#include "lua/options.h"
#include "lua/scan.h"

/* Reads the formats, and a table of options behind them; the operation owns the items. */
void ctd_scan_request_parse(lua_State *L, struct ctd_op *op, struct ctd_scan_request *request);

/* Pushes what was read; the number of values. */
int ctd_scan_request_push(lua_State *L, const struct ctd_scan_request *request);
void ctd_scan_request_release(struct ctd_scan_request *request);

/* Gives the table of methods on top, which has `read`, the method `lines`. */
void ctd_scan_extend(lua_State *L);

#endif
