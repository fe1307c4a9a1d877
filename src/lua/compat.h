/* What Lua 5.4 and the API of 5.1 (LuaJIT) have under different names, or only one of them has. */
#ifndef CTD_LUA_COMPAT_H
#define CTD_LUA_COMPAT_H

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <stdio.h>

#if LUA_VERSION_NUM < 502

static inline size_t ctd_rawlen(lua_State *L, int index) {
  return lua_objlen(L, index);
}

static inline int ctd_absindex(lua_State *L, int index) {
  return index > 0 || index <= LUA_REGISTRYINDEX ? index : lua_gettop(L) + index + 1;
}

/* The table that belongs to a userdata. Pops the table. */
static inline void ctd_set_companion(lua_State *L, int index) {
  lua_setfenv(L, index);
}

/* Pushes a userdata's table; one that was never set is no table of ours to write to. */
static inline void ctd_get_companion(lua_State *L, int index) {
  lua_getfenv(L, index);
}

static inline bool ctd_is_integer(lua_State *L, int index) {
  lua_Number number = lua_tonumber(L, index);
  return number >= -9007199254740992.0 && number <= 9007199254740992.0 && number == (lua_Number)(lua_Integer)number;
}

/* The FILE of a Lua file, NULL if that is closed; the value must be a Lua file. */
static inline FILE *ctd_file(void *userdata) {
  return *(FILE **)userdata;
}

/* A signal's hook fires in every coroutine here. */
static inline void ctd_adopt_interrupt(lua_State *L) {
  (void)L;
}

#else

static inline size_t ctd_rawlen(lua_State *L, int index) {
  return lua_rawlen(L, index);
}

static inline int ctd_absindex(lua_State *L, int index) {
  return lua_absindex(L, index);
}

static inline void ctd_set_companion(lua_State *L, int index) {
  lua_setiuservalue(L, index, 1);
}

static inline void ctd_get_companion(lua_State *L, int index) {
  lua_getiuservalue(L, index, 1);
}

static inline bool ctd_is_integer(lua_State *L, int index) {
  return lua_isinteger(L, index);
}

static inline FILE *ctd_file(void *userdata) {
  luaL_Stream *stream = userdata;
  return stream->closef ? stream->f : NULL;
}

/*
 * Ctrl-C makes the interpreter set a hook on the main coroutine, for every call, return, line and instruction, which
 * raises an error. While another coroutine waits, the main one runs nothing: the waiting one takes the hook over.
 */
static inline void ctd_adopt_interrupt(lua_State *L) {
  const int every = LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT;
  lua_State *main_coroutine;
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
  main_coroutine = lua_tothread(L, -1);
  lua_pop(L, 1);
  if (main_coroutine == L || lua_gethookmask(main_coroutine) != every || lua_gethookcount(main_coroutine) != 1)
    return;
  lua_sethook(L, lua_gethook(main_coroutine), every, 1);
  lua_sethook(main_coroutine, NULL, 0, 0);
}

#endif

/* luaL_setfuncs without upvalues, into the table on top. */
static inline void ctd_set_functions(lua_State *L, const luaL_Reg *functions) {
  for (; functions->name; functions++) {
    lua_pushcfunction(L, functions->func);
    lua_setfield(L, -2, functions->name);
  }
}

/* registry[address]; neutral but for the value. */
static inline void ctd_registry_get(lua_State *L, const void *address) {
  lua_pushlightuserdata(L, (void *)address);
  lua_rawget(L, LUA_REGISTRYINDEX);
}

/* registry[address] = the value on top, which is popped. */
static inline void ctd_registry_set(lua_State *L, const void *address) {
  lua_pushlightuserdata(L, (void *)address);
  lua_insert(L, -2);
  lua_rawset(L, LUA_REGISTRYINDEX);
}

#endif
