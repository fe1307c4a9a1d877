/* The argument of methods that change labels: a table in which `false` removes one. */
#ifndef CTD_LUA_LABEL_CHANGES_H
#define CTD_LUA_LABEL_CHANGES_H

#include "lua/options.h"

/* A reader (see lua/options.h) into a ctd_labels, where an empty value stands for one to be removed. */
void ctd_read_label_changes(lua_State *L, int index, struct ctd_op *op, const char *name, void *target);

#endif
