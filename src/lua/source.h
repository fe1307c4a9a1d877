/* Readers that scripts give: a path, a Lua file, a file descriptor, an object with `read`, or a function. */
#ifndef CTD_LUA_SOURCE_H
#define CTD_LUA_SOURCE_H

#include "client/content_ingest.h"
#include "lua/end.h"

/* Part of a request, zeroed; what it holds is the operation's, and released with it. */
struct ctd_lua_source {
  struct ctd_lua_end end;
  struct ctd_buffer text; /* what a function or an object gave, from `start` on still to be read */
  size_t start;
};

/* A reader of options (see lua/options.h). One source in an operation, which runs on a job thread. */
void ctd_read_source(lua_State *L, int index, struct ctd_op *op, const char *name, void *target);

/* The same as the core has it; valid as long as the operation. */
struct ctd_source ctd_source_of(struct ctd_lua_source *source);

#endif
