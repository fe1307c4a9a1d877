/* containerd.parse_reference and containerd.normalize. */
#ifndef CTD_LUA_REFERENCE_H
#define CTD_LUA_REFERENCE_H

#include "lua/compat.h"

/* Sets both in the table on top of the stack, in their raising or safe form. */
void ctd_reference_open(lua_State *L, bool safe);

#endif
