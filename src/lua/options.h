/*
 * Reading arguments. What a method takes is a table of these: a name, how to read it, and where in the request it goes.
 * Readers raise misuse that names the option; what they read belongs to the operation.
 */
#ifndef CTD_LUA_OPTIONS_H
#define CTD_LUA_OPTIONS_H

#include "lua/compat.h"
#include <stddef.h>

struct ctd_op;

typedef void (*ctd_reader)(lua_State *L, int index, struct ctd_op *op, const char *name, void *target);

struct ctd_option {
  const char *name;
  ctd_reader read;
  size_t offset; /* of the target in the request */
  bool optional; /* of a positional argument: it may be missing */
};

/* Whether it is a string without zero bytes: one that C has too. */
bool ctd_is_text(lua_State *L, int index);

/* The readers, with their targets' types. */
void ctd_read_string(lua_State *L, int index, struct ctd_op *op, const char *name, void *target);  /* const char * */
void ctd_read_boolean(lua_State *L, int index, struct ctd_op *op, const char *name, void *target); /* bool */
void ctd_read_seconds(lua_State *L, int index, struct ctd_op *op, const char *name, void *target); /* double, ≥ 0 */
void ctd_read_number(lua_State *L, int index, struct ctd_op *op, const char *name, void *target);  /* double, > 0 */
void ctd_read_count(lua_State *L, int index, struct ctd_op *op, const char *name, void *target);   /* int, ≥ 1 */
void ctd_read_integer(lua_State *L, int index, struct ctd_op *op, const char *name, void *target); /* int64_t */
void ctd_read_size(lua_State *L, int index, struct ctd_op *op, const char *name, void *target);    /* int64_t, bytes */
void ctd_read_labels(lua_State *L, int index, struct ctd_op *op, const char *name, void *target);  /* ctd_labels */
void ctd_read_strings(lua_State *L, int index, struct ctd_op *op, const char *name, void *target); /* json_t *: array */
void ctd_read_json(lua_State *L, int index, struct ctd_op *op, const char *name, void *target); /* json_t *: a table */

/* The same, json_t *: an array, a table by names, strings by names; "KEY=value" strings, or a table of strings. */
void ctd_read_array(lua_State *L, int index, struct ctd_op *op, const char *name, void *target);
void ctd_read_object(lua_State *L, int index, struct ctd_op *op, const char *name, void *target);
void ctd_read_named_strings(lua_State *L, int index, struct ctd_op *op, const char *name, void *target);
void ctd_read_env(lua_State *L, int index, struct ctd_op *op, const char *name, void *target);

/* A function, which is kept under its name for the operation's upcalls (lua/upcall.h); `target` isn't used. */
void ctd_read_function(lua_State *L, int index, struct ctd_op *op, const char *name, void *target);

/* Raises "<name>: <expected> expected, got <what is at index>". */
int ctd_read_failed(lua_State *L, int index, struct ctd_op *op, const char *name, const char *expected);

/*
 * Reads the positional arguments from `index` on; the index behind them. An optional string is missing if it is nil or
 * if a table, the options, is in its place.
 */
int ctd_arguments_read(lua_State *L, int index, struct ctd_op *op, const struct ctd_option *arguments, void *request);

/* Reads a table with these fields and no others. */
void ctd_fields_read(lua_State *L, int index, struct ctd_op *op, const struct ctd_option *fields, void *target);

/* Reads the options table at `index` (absent: nothing), `timeout` and `block` too. An unknown one raises with what it
 * may mean. */
void ctd_options_read(lua_State *L, int index, struct ctd_op *op, const struct ctd_option *options, void *request);

/* The same for a table that is the last argument, whatever comes before; how many arguments do. */
int ctd_options_take(lua_State *L, struct ctd_op *op);

#endif
