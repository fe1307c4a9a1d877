/* The streams of a task that scripts read and write: its standard streams that are pipes. */
#ifndef CTD_LUA_STREAM_H
#define CTD_LUA_STREAM_H

#include "client/task.h"
#include "lua/compat.h"

/* Pushes stream 0, 1 or 2 of a task; the stream has a reference of its own. */
void ctd_stream_push(lua_State *L, struct ctd_process *task, int number, bool safe);

#endif
