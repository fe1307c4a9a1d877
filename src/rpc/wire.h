/* Between protobuf-c's messages and gRPC's byte buffers. */
#ifndef CTD_RPC_WIRE_H
#define CTD_RPC_WIRE_H

#include "base/error.h"
#include <grpc/byte_buffer.h>
#include <grpc/slice.h>
#include <protobuf-c/protobuf-c.h>

/* The encoded message; the caller destroys it. */
grpc_byte_buffer *ctd_wire_pack(const ProtobufCMessage *message);

/*
 * The encoded message with one bytes field more, `field`, whose content is `data`: it isn't copied but shared, and the
 * caller's reference to it is taken over.
 */
grpc_byte_buffer *ctd_wire_pack_data(const ProtobufCMessage *message, unsigned field, grpc_slice data);

/* Decodes; the caller frees *out with protobuf_c_message_free_unpacked(…, NULL). `buffer` stays the caller's. */
int ctd_wire_unpack(ProtobufCMessage **out, const ProtobufCMessageDescriptor *type, grpc_byte_buffer *buffer,
                    struct ctd_error *err);

#endif
