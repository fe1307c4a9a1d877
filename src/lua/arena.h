/* What an operation owns besides its result: copies of its arguments, and whatever else is to be released with it. */
#ifndef CTD_LUA_ARENA_H
#define CTD_LUA_ARENA_H

#include "lua/compat.h"

/* A zeroed struct is empty. The three that allocate raise when memory is short, and have changed nothing then. */
struct ctd_arena {
  struct ctd_arena_block *blocks;
};

/* Zeroed memory. */
void *ctd_arena_allocate(lua_State *L, struct ctd_arena *arena, size_t size);

/* A copy of the string at `index`. */
const char *ctd_arena_string(lua_State *L, struct ctd_arena *arena, int index);

/* Has `release` called with `object` at the end; asked for before anything is acquired into the (zeroed) object. */
void ctd_arena_own(lua_State *L, struct ctd_arena *arena, void (*release)(void *), void *object);

/* Releases everything, the latest first. Any thread. */
void ctd_arena_free(struct ctd_arena *arena);

#endif
