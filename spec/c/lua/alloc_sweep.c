/*
 * usage: alloc_sweep CASES.lua
 * Runs each case of the file in a Lua state of its own, again and again: from its first allocation on memory is refused
 * to Lua, then from its second on, and so forth until a run needs no more than it is given. Each run must end with
 * success or for want of memory, and closing the state must leave nothing behind (which a leak checker sees).
 *
 * The file returns an array of {name, prepare, run}; run is called with what prepare returned. With memory for all, as
 * prepare is, `check`, if there is one, is called with the same after the run.
 */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct budget {
  bool limited;
  long left;    /* allocations that are still granted */
  bool refused; /* one was refused */
};

/* Shrinking and freeing always succeed, as Lua expects. */
static void *budget_allocate(void *context, void *block, size_t old_size, size_t size) {
  struct budget *budget = context;
  if (!size) {
    free(block);
    return NULL;
  }
  bool grows = !block || size > old_size;
  if (budget->limited && grows && budget->left-- <= 0) {
    budget->refused = true;
    return NULL;
  }
  return realloc(block, size);
}

static void die(lua_State *L, const char *what) {
  fprintf(stderr, "%s: %s\n", what, luaL_tolstring(L, -1, NULL));
  exit(1);
}

static lua_State *state_new(struct budget *budget, const char *path) {
  *budget = (struct budget){0};
  lua_State *L = lua_newstate(budget_allocate, budget);
  luaL_openlibs(L);
  if (luaL_dofile(L, path))
    die(L, path);
  return L;
}

/* Pushes cases[index][name]; the array is at 1. */
static void push_member(lua_State *L, int index, const char *name) {
  lua_geti(L, 1, index);
  lua_getfield(L, -1, name);
  lua_remove(L, -2);
}

static bool for_want_of_memory(lua_State *L, int status) {
  return status == LUA_ERRMEM || strstr(luaL_tolstring(L, -1, NULL), "memory") != NULL;
}

/* Calls `name` with the values from 2 on, which stay. */
static int call_member(lua_State *L, int index, const char *name) {
  int top = lua_gettop(L);
  push_member(L, index, name);
  for (int i = 2; i <= top; i++)
    lua_pushvalue(L, i);
  return lua_pcall(L, top - 1, 0, 0);
}

/* One run with memory for `granted` allocations; whether it had enough. */
static bool run_once(const char *path, int index, long granted) {
  struct budget budget;
  lua_State *L = state_new(&budget, path);
  push_member(L, index, "prepare");
  if (lua_pcall(L, 0, LUA_MULTRET, 0))
    die(L, "prepare");
  int top = lua_gettop(L);
  luaL_checkstack(L, LUA_MINSTACK + 2 * top, "values");
  budget.left = granted;
  budget.limited = true;
  int status = call_member(L, index, "run");
  budget.limited = false;
  if (status && !for_want_of_memory(L, status))
    die(L, "run");
  lua_settop(L, top);
  push_member(L, index, "check");
  bool checks = !lua_isnil(L, -1);
  lua_settop(L, top);
  if (checks && call_member(L, index, "check"))
    die(L, "check");
  lua_close(L);
  return !budget.refused;
}

static int count_cases(const char *path, char names[][64], int limit) {
  struct budget budget;
  lua_State *L = state_new(&budget, path);
  int count = (int)luaL_len(L, 1);
  for (int i = 1; i <= count && i <= limit; i++) {
    push_member(L, i, "name");
    snprintf(names[i - 1], 64, "%s", lua_tostring(L, -1));
  }
  lua_close(L);
  return count;
}

#define CASES_LIMIT 64

int main(int argc, char **argv) {
  static char names[CASES_LIMIT][64];
  if (argc != 2)
    return fprintf(stderr, "usage: alloc_sweep CASES.lua\n"), 2;
  int count = count_cases(argv[1], names, CASES_LIMIT);
  if (count > CASES_LIMIT)
    return fprintf(stderr, "more than %d cases\n", CASES_LIMIT), 2;
  for (int i = 1; i <= count; i++) {
    long granted = 0;
    printf("%s: ", names[i - 1]);
    fflush(stdout);
    while (!run_once(argv[1], i, granted))
      granted++;
    printf("%ld allocations\n", granted);
  }
  return 0;
}
