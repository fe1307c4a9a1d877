/* containerd.encode and containerd.decode: messages as bytes. */
#ifndef CTD_LUA_CODEC_H
#define CTD_LUA_CODEC_H

#include "lua/compat.h"

/* Sets both in the table on top of the stack, in their raising or safe form. */
void ctd_codec_open(lua_State *L, bool safe);

#endif
