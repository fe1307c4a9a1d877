#include "client/diff.h"
#include "rpc/call.h"

#define METHOD(name) "/containerd.services.diff.v1.Diff/" name

/* An older daemon would pass over what it doesn't know. */
static int check_known(const struct ctd_client *client, bool asked, const char *option, struct ctd_error *err) {
  if (!asked || ctd_client_at_least(client, 1, 7))
    return 0;
  return ctd_error_set(err, CTD_UNIMPLEMENTED, "%s needs containerd 1.7 or later", option);
}

int ctd_diff_apply(struct ctd_client *client, const Containerd__Services__Diff__V1__ApplyRequest *request,
                   Containerd__Services__Diff__V1__ApplyResponse **reply, struct ctd_scope *scope,
                   struct ctd_error *err) {
  if (check_known(client, request->sync_fs, "sync_fs", err))
    return -1;
  return ctd_call(ctd_client_target(client), METHOD("Apply"), &request->base,
                  &containerd__services__diff__v1__apply_response__descriptor, (ProtobufCMessage **)reply, scope, err);
}

int ctd_diff_compare(struct ctd_client *client, const Containerd__Services__Diff__V1__DiffRequest *request,
                     Containerd__Services__Diff__V1__DiffResponse **reply, struct ctd_scope *scope,
                     struct ctd_error *err) {
  if (check_known(client, request->source_date_epoch, "source_date_epoch", err))
    return -1;
  return ctd_call(ctd_client_target(client), METHOD("Diff"), &request->base,
                  &containerd__services__diff__v1__diff_response__descriptor, (ProtobufCMessage **)reply, scope, err);
}
