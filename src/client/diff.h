/* Layers: applying one to mounts, making one of what differs between two (containerd.services.diff.v1). */
#ifndef CTD_CLIENT_DIFF_H
#define CTD_CLIENT_DIFF_H

#include "client/client.h"
#include "diff.pb-c.h"

/*
 * Has the daemon write a layer, a blob that it has, into mounts. The answer is the descriptor of the layer as it is
 * uncompressed: its digest is the diff id. One RPC; the caller frees *reply with protobuf_c_message_free_unpacked. What
 * the request has that the daemon is too old for is CTD_UNIMPLEMENTED.
 */
int ctd_diff_apply(struct ctd_client *client, const Containerd__Services__Diff__V1__ApplyRequest *request,
                   Containerd__Services__Diff__V1__ApplyResponse **reply, struct ctd_scope *scope,
                   struct ctd_error *err);

/* Has the daemon make a layer of what makes `right` of `left`. One RPC; the caller frees *reply likewise. */
int ctd_diff_compare(struct ctd_client *client, const Containerd__Services__Diff__V1__DiffRequest *request,
                     Containerd__Services__Diff__V1__DiffResponse **reply, struct ctd_scope *scope,
                     struct ctd_error *err);

#endif
