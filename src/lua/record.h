/* Records: plain tables with the field names of containerd's messages. */
#ifndef CTD_LUA_RECORD_H
#define CTD_LUA_RECORD_H

#include "client/any.h"
#include "lua/compat.h"
#include "oci/descriptor.h"

/* Pushes a table of labels, or {media_type, digest, size, platform, annotations, urls}. */
void ctd_record_push_labels(lua_State *L, const struct ctd_labels *labels);
void ctd_record_push_descriptor(lua_State *L, const struct ctd_descriptor *descriptor);

/* table[name] = string, in the table on top; NULL and "" are left out. */
void ctd_record_set_string(lua_State *L, const char *name, const char *value);

/* table[name] = seconds since 1970; 0 is left out. */
void ctd_record_set_time(lua_State *L, const char *name, double epoch);

#endif
