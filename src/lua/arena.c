#include "lua/arena.h"
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct ctd_arena_block {
  struct ctd_arena_block *next;
  void (*release)(void *); /* NULL: the block is memory */
  void *object;
  max_align_t data[];
};

static struct ctd_arena_block *arena_add(lua_State *L, struct ctd_arena *arena, size_t size) {
  struct ctd_arena_block *block = calloc(1, sizeof *block + size);
  if (!block) {
    luaL_error(L, "not enough memory");
    return NULL;
  }
  block->next = arena->blocks;
  arena->blocks = block;
  return block;
}

void *ctd_arena_allocate(lua_State *L, struct ctd_arena *arena, size_t size) {
  return arena_add(L, arena, size)->data;
}

const char *ctd_arena_string(lua_State *L, struct ctd_arena *arena, int index) {
  size_t size;
  const char *string = lua_tolstring(L, index, &size);
  return memcpy(ctd_arena_allocate(L, arena, size + 1), string, size + 1);
}

void ctd_arena_own(lua_State *L, struct ctd_arena *arena, void (*release)(void *), void *object) {
  struct ctd_arena_block *block = arena_add(L, arena, 0);
  block->release = release;
  block->object = object;
}

void ctd_arena_free(struct ctd_arena *arena) {
  while (arena->blocks) {
    struct ctd_arena_block *block = arena->blocks;
    arena->blocks = block->next;
    if (block->release)
      block->release(block->object);
    free(block);
  }
}
