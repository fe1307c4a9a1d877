/*
 * Messages as gRPC sends them, a length before each
 * (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md), and protobuf-c's.
 */
#ifndef CTD_RPC_WIRE_H
#define CTD_RPC_WIRE_H

#include "base/error.h"
#include "rpc/pool.h"

/* Both ways, as containerd and its Go client have it. */
#define CTD_MESSAGE_LIMIT (16 << 20)

#define CTD_WIRE_PREFIX 5 /* bytes before each message: whether it's compressed, and its length */

/* A message to be sent: the prefix and what was encoded, then bytes that are shared and not copied. */
struct ctd_wire {
  uint8_t *head; /* owned */
  size_t head_size;
  const uint8_t *data; /* borrowed; NULL: none */
  size_t data_size;
};

/* CTD_RESOURCE_EXHAUSTED beyond the limit. The caller frees *out. */
int ctd_wire_pack(struct ctd_wire *out, const ProtobufCMessage *message, struct ctd_error *err);

/* With one bytes field more, `field`, whose content `data` must last as long as *out. */
int ctd_wire_pack_data(struct ctd_wire *out, const ProtobufCMessage *message, unsigned field, const void *data,
                       size_t size, struct ctd_error *err);

void ctd_wire_free(struct ctd_wire *wire); /* and zeroes it */

/* The length in a prefix. */
size_t ctd_wire_length(const uint8_t prefix[CTD_WIRE_PREFIX]);

/* Decodes, into a pool or, if that is NULL, for the caller, who frees *out with protobuf_c_message_free_unpacked. */
int ctd_wire_unpack(ProtobufCMessage **out, const ProtobufCMessageDescriptor *type, struct ctd_pool *pool,
                    const uint8_t *data, size_t size, struct ctd_error *err);

/* Finds the last bytes field of this number in an encoded message, where it is; *size is 0 if there is none. */
int ctd_wire_find(const uint8_t *message, size_t message_size, unsigned field, const uint8_t **data, size_t *size,
                  struct ctd_error *err);

#endif
