/* Lua's own files. */
#ifndef CTD_LUA_FILE_H
#define CTD_LUA_FILE_H

#include "lua/compat.h"

bool ctd_is_file(lua_State *L, int index);

/* columns(file) -> the width of the terminal that the file is; nil if it's none */
int ctd_file_columns(lua_State *L);

#endif
