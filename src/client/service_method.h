/* Any call of containerd's API: its services' methods, by their names. */
#ifndef CTD_CLIENT_SERVICE_METHOD_H
#define CTD_CLIENT_SERVICE_METHOD_H

#include "client/client.h"
#include <protobuf-c/protobuf-c.h>

/* Static, all of it. */
struct ctd_service_method {
  const char *path; /* "/containerd.services.images.v1.Images/Get" */
  const char *request, *response;
  bool request_stream, response_stream;
};

/* All of them; one service's stand together. */
const struct ctd_service_method *ctd_service_methods(size_t *count);

/* By its name, "containerd.services.images.v1.Images/Get", also with a slash in front; NULL: there is no such method.
 */
const struct ctd_service_method *ctd_service_method_find(const char *name);

/* The name (without a slash in front) that was probably meant by one that isn't there; NULL: no idea. */
const char *ctd_service_method_nearest(const char *name);

const ProtobufCMessageDescriptor *ctd_service_method_request(const struct ctd_service_method *method);
const ProtobufCMessageDescriptor *ctd_service_method_response(const struct ctd_service_method *method);

/* A call of a method without streams. One RPC. The caller frees *reply with protobuf_c_message_free_unpacked. */
int ctd_service_method_call(struct ctd_client *client, const struct ctd_service_method *method,
                            const ProtobufCMessage *request, ProtobufCMessage **reply, struct ctd_scope *scope,
                            struct ctd_error *err);

#endif
