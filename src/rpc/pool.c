#include "rpc/pool.h"
#include <stdalign.h>
#include <stddef.h>
#include <stdlib.h>

#define FIRST_BLOCK 512 /* bytes */
#define ALIGNMENT alignof(max_align_t)

struct ctd_pool_block {
  struct ctd_pool_block *older;
  size_t size, used;
  alignas(max_align_t) char data[];
};

static struct ctd_pool_block *pool_grow(struct ctd_pool *pool, size_t least) {
  size_t size = pool->block ? 2 * pool->block->size : FIRST_BLOCK;
  if (size < least)
    size = least;
  struct ctd_pool_block *block = malloc(sizeof *block + size);
  if (!block)
    return NULL;
  *block = (struct ctd_pool_block){.older = pool->block, .size = size};
  return pool->block = block;
}

static void *pool_allocate(void *context, size_t size) {
  struct ctd_pool *pool = context;
  struct ctd_pool_block *block = pool->block;
  size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  if (!block || block->size - block->used < size)
    block = pool_grow(pool, size);
  if (!block)
    return NULL;
  block->used += size;
  return block->data + block->used - size;
}

/* Single pieces aren't given back. */
static void pool_release(void *context, void *piece) {
  (void)context;
  (void)piece;
}

ProtobufCMessage *ctd_pool_unpack(struct ctd_pool *pool, const ProtobufCMessageDescriptor *type, const uint8_t *data,
                                  size_t size) {
  ProtobufCAllocator allocator = {pool_allocate, pool_release, pool};
  return protobuf_c_message_unpack(type, &allocator, size, data);
}

static void blocks_free(struct ctd_pool_block *block) {
  while (block) {
    struct ctd_pool_block *older = block->older;
    free(block);
    block = older;
  }
}

void ctd_pool_reset(struct ctd_pool *pool) {
  struct ctd_pool_block *block = pool->block;
  if (!block)
    return;
  blocks_free(block->older);
  block->older = NULL;
  block->used = 0;
}

void ctd_pool_free(struct ctd_pool *pool) {
  blocks_free(pool->block);
  pool->block = NULL;
}
