/* What a transfer goes from or to, as scripts say it: a table with a `type`. */
#ifndef CTD_LUA_TRANSFER_END_H
#define CTD_LUA_TRANSFER_END_H

#include "client/transfer.h"
#include "lua/sink.h"
#include "lua/source.h"

/* Part of a request, zeroed; what it holds is the operation's. */
struct ctd_lua_transfer_end {
  struct ctd_transfer_end end;
  struct ctd_lua_source reader; /* of an archive that is a source */
  struct ctd_lua_sink writer;   /* of one that is a destination */
  struct ctd_source source;
  struct ctd_sink sink;
};

/* Readers of options (see lua/options.h). */
void ctd_read_transfer_source(lua_State *L, int index, struct ctd_op *op, const char *name, void *target);
void ctd_read_transfer_destination(lua_State *L, int index, struct ctd_op *op, const char *name, void *target);

#endif
