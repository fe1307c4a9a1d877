/* Services of the daemon as objects: client:leases(), client:namespaces(), client:content(). */
#ifndef CTD_LUA_SERVICE_H
#define CTD_LUA_SERVICE_H

#include "lua/types.h"

/* Of a type whose pointer is a struct ctd_client. */
void *ctd_service_ref(void *client);
void ctd_service_unref(void *client);
void ctd_service_describe(lua_State *L, void *client);

/* client:leases() and the like: an object of this type around the client at index 1, pushed; returns 1. */
int ctd_service_push(lua_State *L, const struct ctd_type *type);

#endif
