/* containerd.services: what can be called. */
#ifndef CTD_LUA_SERVICES_H
#define CTD_LUA_SERVICES_H

#include "lua/compat.h"

/* services() -> a table of the services, by name, of their methods, by name. */
int ctd_services_function(lua_State *L);

#endif
