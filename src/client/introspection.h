/* What the daemon is made of and says of itself (containerd.services.introspection.v1, grpc.health.v1). */
#ifndef CTD_CLIENT_INTROSPECTION_H
#define CTD_CLIENT_INTROSPECTION_H

#include "client/client.h"
#include "introspection.pb-c.h"

/* The caller frees *out with protobuf_c_message_free_unpacked. */
int ctd_introspection_server(struct ctd_client *client, Containerd__Services__Introspection__V1__ServerResponse **out,
                             struct ctd_scope *scope, struct ctd_error *err);

/* The plugins for which one of the filters holds; all without filters. The caller frees *out likewise. */
int ctd_introspection_plugins(struct ctd_client *client, const char *const *filters, size_t count,
                              Containerd__Services__Introspection__V1__PluginsResponse **out, struct ctd_scope *scope,
                              struct ctd_error *err);

/* Whether the daemon serves; one that doesn't answer at all, CTD_UNAVAILABLE, doesn't, and that is no error. */
int ctd_introspection_serving(struct ctd_client *client, bool *out, struct ctd_scope *scope, struct ctd_error *err);

#endif
