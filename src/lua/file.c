#include "lua/file.h"
#include <lualib.h>
#include <sys/ioctl.h>

bool ctd_is_file(lua_State *L, int index) {
  if (!lua_touserdata(L, index) || !lua_getmetatable(L, index))
    return false;
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_FILEHANDLE);
  bool same = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return same;
}

int ctd_file_columns(lua_State *L) {
  struct winsize size;
  FILE *file = ctd_is_file(L, 1) ? ctd_file(lua_touserdata(L, 1)) : NULL;
  if (!file || ioctl(fileno(file), TIOCGWINSZ, &size))
    return 0;
  lua_pushinteger(L, size.ws_col);
  return 1;
}
