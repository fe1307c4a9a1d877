/* The option `stdio` of processes, and the streams that it makes. */
#ifndef CTD_LUA_STDIO_H
#define CTD_LUA_STDIO_H

#include "client/process.h"
#include "lua/object.h"

/* "null", "inherit", "pipe", "log:/path", "binary:/path?arg", or a table of streams; `target`: three stream options. */
void ctd_read_stdio(lua_State *L, int index, struct ctd_op *op, const char *name, void *target);

/* Gives the process's object on top its fields stdin, stdout and stderr: the streams that are pipes. */
void ctd_stdio_push_streams(lua_State *L, struct ctd_process *process, const struct ctd_stream_options *streams,
                            struct ctd_object *object);

/* __index of such an object: those fields. */
int ctd_stdio_index(lua_State *L);

#endif
