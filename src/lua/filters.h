/* Arguments of methods that list: filters of containerd, tables of labels as shorthand, at the end perhaps options. */
#ifndef CTD_LUA_FILTERS_H
#define CTD_LUA_FILTERS_H

#include "lua/op.h"

struct ctd_filters {
  const char **items; /* the operation's */
  size_t count;
};

/*
 * Reads all arguments of a method. A table of labels is the filter for which they all hold. As labels are strings, a
 * last table that has `timeout` as a number is a table of options.
 */
void ctd_filters_read(lua_State *L, struct ctd_op *op, struct ctd_filters *filters);

#endif
