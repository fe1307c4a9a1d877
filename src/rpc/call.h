/*
 * One unary call. In a scope that waits, ctd_call returns when the answer is there, driven by the calling thread on a
 * queue of the call's own. In a `nowait` scope it sends and returns CTD_PENDING, with the call in scope->call; when
 * that is complete (ctd_call_wait, or scope->notify), ctd_call with the same scope gives its answer.
 */
#ifndef CTD_RPC_CALL_H
#define CTD_RPC_CALL_H

#include "base/clock.h"
#include "rpc/channel.h"
#include "rpc/pending.h"
#include <protobuf-c/protobuf-c.h>

/*
 * `method` is a literal, "/package.Service/Method". Returns 0 with *reply (which the caller frees with
 * protobuf_c_message_free_unpacked; `reply` NULL: the answer is of no interest), −1, or CTD_PENDING.
 */
int ctd_call(const struct ctd_target *target, const char *method, const ProtobufCMessage *request,
             const ProtobufCMessageDescriptor *type, ProtobufCMessage **reply, struct ctd_scope *scope,
             struct ctd_error *err);

#endif
