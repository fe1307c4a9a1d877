/*
 * fork for Lua: fork() gives 0 in the child and its id in the parent, exit(status) ends the child without more ado, and
 * wait(id) gives that status, or minus the signal that ended the child.
 */
#include <lauxlib.h>
#include <lua.h>
#include <sys/wait.h>
#include <unistd.h>

static int fork_fork(lua_State *L) {
  lua_pushinteger(L, fork());
  return 1;
}

static int fork_wait(lua_State *L) {
  int status = 0;
  waitpid((pid_t)luaL_checkinteger(L, 1), &status, 0);
  lua_pushinteger(L, WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status));
  return 1;
}

static int fork_exit(lua_State *L) {
  _exit((int)luaL_checkinteger(L, 1));
}

static const luaL_Reg functions[] = {{"fork", fork_fork}, {"wait", fork_wait}, {"exit", fork_exit}, {NULL, NULL}};

int luaopen_fork(lua_State *L);

int luaopen_fork(lua_State *L) {
  luaL_newlib(L, functions);
  return 1;
}
