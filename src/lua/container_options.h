/* What new_container takes, of an image and of a client. */
#ifndef CTD_LUA_CONTAINER_OPTIONS_H
#define CTD_LUA_CONTAINER_OPTIONS_H

#include "client/container.h"
#include "lua/options.h"

struct ctd_new_container {
  void *owner; /* the image or the client */
  const char *id;
  struct ctd_container_options options;
  bool auto_delete;
  struct ctd_container *container; /* the result */
};

extern const struct ctd_option ctd_new_container_options[];

/* Readers that are of use to others: ctd_extensions; json_t *, a table or a JSON text; json_t *, strings by names. */
void ctd_read_extensions(lua_State *L, int index, struct ctd_op *op, const char *name, void *target);
void ctd_read_spec(lua_State *L, int index, struct ctd_op *op, const char *name, void *target);
void ctd_read_named_strings(lua_State *L, int index, struct ctd_op *op, const char *name, void *target);

/* A runtime's options as a table: ctd_typed; json_t *, the fields. */
void ctd_read_runtime_options(lua_State *L, int index, struct ctd_op *op, const char *name, void *target);
void ctd_read_runtime_fields(lua_State *L, int index, struct ctd_op *op, const char *name, void *target);

#endif
