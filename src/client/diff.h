/* Layers: applying one to mounts, making one of what differs between two (containerd.services.diff.v1). */
#ifndef CTD_CLIENT_DIFF_H
#define CTD_CLIENT_DIFF_H

#include "client/snapshot.h"
#include "diff.pb-c.h"
#include "oci/descriptor.h"

/*
 * Has the daemon write a layer, a blob that it has, into mounts. The answer is the descriptor of the layer as it is
 * uncompressed: its digest is the diff id. One RPC; the caller frees *reply with protobuf_c_message_free_unpacked. What
 * the request has that the daemon is too old for is CTD_UNIMPLEMENTED.
 */
int ctd_diff_apply(struct ctd_client *client, const Containerd__Services__Diff__V1__ApplyRequest *request,
                   Containerd__Services__Diff__V1__ApplyResponse **reply, struct ctd_scope *scope,
                   struct ctd_error *err);

/*
 * The same for an image's layer, with its annotations. *diff_id is what it is uncompressed; the caller frees it. NULL:
 * of no interest. Not one RPC.
 */
int ctd_diff_apply_layer(struct ctd_client *client, const struct ctd_descriptor *layer, const struct ctd_mounts *mounts,
                         struct ctd_scope *scope, char **diff_id, struct ctd_error *err);

/* Has the daemon make a layer of what makes `right` of `left`. One RPC; the caller frees *reply likewise. */
int ctd_diff_compare(struct ctd_client *client, const Containerd__Services__Diff__V1__DiffRequest *request,
                     Containerd__Services__Diff__V1__DiffResponse **reply, struct ctd_scope *scope,
                     struct ctd_error *err);

/*
 * Makes a layer, ingested as `ref`, of what an active snapshot has that its parent hasn't; any other snapshot is
 * CTD_FAILED_PRECONDITION. The client is under a lease. The caller frees *out.
 */
int ctd_diff_snapshot(struct ctd_client *client, const char *snapshotter, const char *key, const char *ref,
                      struct ctd_scope *scope, struct ctd_descriptor *out, struct ctd_error *err);

#endif
