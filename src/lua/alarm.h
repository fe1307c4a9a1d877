/* Alarms: descriptors that become readable after a time, for event loops that have no timers of their own. */
#ifndef CTD_LUA_ALARM_H
#define CTD_LUA_ALARM_H

#include "lua/compat.h"

/* alarm(seconds) -> an object with `getfd` and `close`, which is closed when it is collected */
int ctd_alarm_function(lua_State *L);

#endif
