#include "lua/service.h"
#include "client/client.h"

void *ctd_service_ref(void *client) {
  return ctd_client_ref(client);
}

void ctd_service_unref(void *client) {
  ctd_client_unref(client);
}

void ctd_service_describe(lua_State *L, void *client) {
  lua_pushfstring(L, "namespace %s", ctd_client_namespace(client));
}

int ctd_service_push(lua_State *L, const struct ctd_type *type) {
  const struct ctd_object *object = ctd_object_check(L, 1, &ctd_client_type);
  struct ctd_client *none = NULL;
  struct ctd_object *made = ctd_object_push(L, type, &none, object->safe);
  made->pointer = ctd_client_ref(object->pointer);
  return 1;
}
