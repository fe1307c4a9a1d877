/* Calls that are not broken off: interrupted in the midst of some of them, daemons leave half-made things behind. */
#ifndef CTD_CLIENT_INSIST_H
#define CTD_CLIENT_INSIST_H

#include "rpc/call.h"

/*
 * As ctd_call in a scope that waits, but once the daemon is at it, the end of the scope doesn't end the call: it has
 * ten seconds more. So the answer may come when the scope is over; the caller looks.
 */
int ctd_insist(const struct ctd_target *target, const char *method, const ProtobufCMessage *request,
               const ProtobufCMessageDescriptor *type, ProtobufCMessage **reply, struct ctd_scope *scope,
               struct ctd_error *err);

#endif
