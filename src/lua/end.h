/* What the readers and writers that scripts give have in common: the end of a flow of bytes. */
#ifndef CTD_LUA_END_H
#define CTD_LUA_END_H

#include "lua/options.h"

/* What it can be, beside a path, a Lua file and a file descriptor: an object with `method`, or a function. */
struct ctd_lua_end_kind {
  const char *method; /* "read" */
  const char *maker;  /* the function of containerd.wait that makes one of both; also its name for upcalls: "reader" */
};

/* Part of a request, zeroed. */
struct ctd_lua_end {
  struct ctd_op *op;
  const char *path; /* to be opened when it's needed; NULL: it's something else */
  int fd;           /* our own, which the script can't close under our feet; valid if `open` */
  bool open;
};

/* Reads the value at `index`; neither path nor fd: upcalls go to the function. Whoever calls it closes the fd. */
void ctd_lua_end_read(lua_State *L, int index, struct ctd_op *op, const char *name, const struct ctd_lua_end_kind *kind,
                      struct ctd_lua_end *end);

void ctd_lua_end_close(struct ctd_lua_end *end);

#endif
