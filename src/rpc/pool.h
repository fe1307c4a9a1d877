/*
 * Memory for messages that are looked at and then forgotten, all at once: a message has a piece of memory for each of
 * its strings and parts, and getting and freeing them takes longer than decoding it does.
 */
#ifndef CTD_RPC_POOL_H
#define CTD_RPC_POOL_H

#include <protobuf-c/protobuf-c.h>

/* A zeroed struct is empty. */
struct ctd_pool {
  struct ctd_pool_block *block; /* the newest, which is the largest */
};

/* Decodes; the message lasts until the pool is reset. NULL: it isn't of this type, or memory is short. */
ProtobufCMessage *ctd_pool_unpack(struct ctd_pool *pool, const ProtobufCMessageDescriptor *type, const uint8_t *data,
                                  size_t size);

/* Forgets all that is in it. Memory stays for what comes next; free gives it back. */
void ctd_pool_reset(struct ctd_pool *pool);
void ctd_pool_free(struct ctd_pool *pool);

#endif
