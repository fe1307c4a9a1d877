#include "client/service_method.h"
#include "base/nearest.h"
#include "client/message_type.h"
#include "rpc/call.h"
#include <string.h>

static const struct ctd_service_method methods[] = {
#include <service_methods.h>
};

enum { COUNT = sizeof methods / sizeof *methods };

const struct ctd_service_method *ctd_service_methods(size_t *count) {
  *count = COUNT;
  return methods;
}

static const char *name_of(const struct ctd_service_method *method) {
  return method->path + 1;
}

const struct ctd_service_method *ctd_service_method_find(const char *name) {
  if (*name == '/')
    name++;
  for (size_t i = 0; i < COUNT; i++)
    if (!strcmp(name_of(&methods[i]), name))
      return &methods[i];
  return NULL;
}

/* Whether the name is the end of it, from a dot on: "Images/Get". */
static bool is_short_for(const char *name, const char *full) {
  size_t length = strlen(name), whole = strlen(full);
  return length && length < whole && full[whole - length - 1] == '.' && !strcmp(full + whole - length, name);
}

const char *ctd_service_method_nearest(const char *name) {
  const char *names[COUNT];
  for (size_t i = 0; i < COUNT; i++) {
    names[i] = name_of(&methods[i]);
    if (is_short_for(name, names[i]))
      return names[i];
  }
  return ctd_nearest(name, names, COUNT);
}

const ProtobufCMessageDescriptor *ctd_service_method_request(const struct ctd_service_method *method) {
  return ctd_message_type_find(method->request);
}

const ProtobufCMessageDescriptor *ctd_service_method_response(const struct ctd_service_method *method) {
  return ctd_message_type_find(method->response);
}

int ctd_service_method_call(struct ctd_client *client, const struct ctd_service_method *method,
                            const ProtobufCMessage *request, ProtobufCMessage **reply, struct ctd_scope *scope,
                            struct ctd_error *err) {
  int result = ctd_call(ctd_client_target(client), method->path, request, ctd_service_method_response(method), reply,
                        scope, err);
  return result < 0 ? ctd_client_failed(client, err, "call", "%s", name_of(method)) : result;
}
