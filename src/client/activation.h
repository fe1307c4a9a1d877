/*
 * Mounts that the daemon makes and keeps under a name (containerd.services.mounts.v1, since containerd 2.2; before it
 * each of these is CTD_UNIMPLEMENTED). The caller frees each *reply with protobuf_c_message_free_unpacked.
 */
#ifndef CTD_CLIENT_ACTIVATION_H
#define CTD_CLIENT_ACTIVATION_H

#include "client/client.h"
#include "client/labels.h"
#include "mounts.pb-c.h"

/* Makes what is needed of the request's mounts. One RPC. A name that is taken is CTD_ALREADY_EXISTS. */
int ctd_activation_make(struct ctd_client *client, const Containerd__Services__Mounts__V1__ActivateRequest *request,
                        Containerd__Services__Mounts__V1__ActivateResponse **reply, struct ctd_scope *scope,
                        struct ctd_error *err);

/* One RPC each; CTD_NOT_FOUND: there is none with this name. `labels` alone are set; "" removes one. */
int ctd_activation_end(struct ctd_client *client, const char *name, struct ctd_scope *scope, struct ctd_error *err);
int ctd_activation_info(struct ctd_client *client, const char *name,
                        Containerd__Services__Mounts__V1__InfoResponse **reply, struct ctd_scope *scope,
                        struct ctd_error *err);
int ctd_activation_update(struct ctd_client *client, const char *name, const struct ctd_labels *labels,
                          Containerd__Services__Mounts__V1__UpdateResponse **reply, struct ctd_scope *scope,
                          struct ctd_error *err);

/* All for which one of the filters holds, however many: the daemon sends one at a time. The caller frees *out. */
struct ctd_activations {
  Containerd__Services__Mounts__V1__ListMessage **items;
  size_t count;
};
int ctd_activation_list(struct ctd_client *client, const char *const *filters, size_t filter_count,
                        struct ctd_scope *scope, struct ctd_activations *out, struct ctd_error *err);
void ctd_activations_free(struct ctd_activations *activations);

#endif
