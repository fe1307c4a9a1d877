/* Writers that scripts give: a path, a Lua file, a file descriptor, an object with `write`, or a function. */
#ifndef CTD_LUA_SINK_H
#define CTD_LUA_SINK_H

#include "client/archive_writer.h"
#include "lua/end.h"

/* Part of a request, zeroed; what it holds is the operation's, and released with it. */
struct ctd_lua_sink {
  struct ctd_lua_end end;
  char *temporary; /* what is written instead of the path, until all is there */
  bool regular;    /* writing never waits for a reader */
};

/* A reader of options (see lua/options.h). One sink in an operation, which runs on a job thread. */
void ctd_read_sink(lua_State *L, int index, struct ctd_op *op, const char *name, void *target);

/* The same as the core has it; valid as long as the operation. A path is opened here, beside what has its name now. */
int ctd_lua_sink_open(struct ctd_lua_sink *sink, struct ctd_sink *out, struct ctd_error *err);

/* All is written: the path names it from now on, functions are told the end. */
int ctd_lua_sink_finish(struct ctd_lua_sink *sink, struct ctd_error *err);

/* Instead: what has the path stays, and nothing is left beside it. */
void ctd_lua_sink_drop(struct ctd_lua_sink *sink);

#endif
