#include "lua/end.h"
#include "lua/file.h"
#include "lua/op.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

void ctd_lua_end_close(struct ctd_lua_end *end) {
  if (end->open)
    close(end->fd);
  end->open = false;
}

static bool has_method(lua_State *L, int index, const char *method) {
  bool indexed = lua_istable(L, index) || luaL_getmetafield(L, index, "__index");
  if (!indexed)
    return false;
  lua_getfield(L, index, method);
  bool callable = lua_isfunction(L, -1);
  lua_pop(L, lua_istable(L, index) ? 1 : 2);
  return callable;
}

static void take_fd(lua_State *L, struct ctd_op *op, const char *name, struct ctd_lua_end *end, int fd) {
  end->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  end->open = end->fd >= 0;
  if (!end->open)
    ctd_misuse(L, op, "\"%s\": file descriptor %d: %s", name, fd, strerror(errno));
}

/* What the file has read ahead goes back, where that is possible; what was written to it goes first. */
static void take_file(lua_State *L, int index, struct ctd_op *op, const char *name, struct ctd_lua_end *end) {
  FILE *file = ctd_file(lua_touserdata(L, index));
  if (!file)
    ctd_misuse(L, op, "\"%s\": the file is closed", name);
  else {
    fflush(file);
    take_fd(L, op, name, end, fileno(file));
  }
}

/* What is called for bytes is made in Lua. */
static void take_function(lua_State *L, int index, const char *maker) {
  ctd_method_push_wait(L);
  lua_getfield(L, -1, maker);
  lua_remove(L, -2);
  lua_pushvalue(L, index);
  lua_call(L, 1, 1);
  ctd_method_keep(L, -1, maker);
  lua_pop(L, 1);
}

void ctd_lua_end_read(lua_State *L, int index, struct ctd_op *op, const char *name, const struct ctd_lua_end_kind *kind,
                      struct ctd_lua_end *end) {
  end->op = op;
  if (lua_type(L, index) == LUA_TSTRING)
    ctd_read_string(L, index, op, name, &end->path);
  else if (lua_type(L, index) == LUA_TNUMBER)
    take_fd(L, op, name, end, (int)lua_tointeger(L, index));
  else if (ctd_is_file(L, index))
    take_file(L, index, op, name, end);
  else if (lua_isfunction(L, index) || has_method(L, index, kind->method))
    take_function(L, index, kind->maker);
  else
    ctd_misuse(L, op, "\"%s\": path, file, file descriptor, object with %s, or function expected, got %s", name,
               kind->method, lua_isnone(L, index) ? "nothing" : luaL_typename(L, index));
}
