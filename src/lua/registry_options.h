/* The options that all methods have which talk to a registry. */
#ifndef CTD_LUA_REGISTRY_OPTIONS_H
#define CTD_LUA_REGISTRY_OPTIONS_H

#include "client/pull.h"
#include "lua/options.h"

void ctd_read_auth(lua_State *L, int index, struct ctd_op *op, const char *name, void *target); /* ctd_auth_options */
void ctd_read_plain_http(lua_State *L, int index, struct ctd_op *op, const char *name, void *target); /* its enum */
void ctd_read_retries(lua_State *L, int index, struct ctd_op *op, const char *name, void *target);    /* int */
/* One, or an array of at least one: json_t *, an array of strings. */
void ctd_read_platforms(lua_State *L, int index, struct ctd_op *op, const char *name, void *target);
/* struct ctd_progress_listener */
void ctd_read_progress(lua_State *L, int index, struct ctd_op *op, const char *name, void *target);

/* Entries of a table of options: the offsets of a request's struct ctd_registry_options and ctd_progress_listener. */
#define CTD_REGISTRY_OPTIONS(registry, listener)                                                                       \
  {"auth", ctd_read_auth, (registry) + offsetof(struct ctd_registry_options, auth), false},                            \
      {"docker_config", ctd_read_boolean, (registry) + offsetof(struct ctd_registry_options, auth.docker_config),      \
       false},                                                                                                         \
      {"hosts_dir", ctd_read_string, (registry) + offsetof(struct ctd_registry_options, hosts_dir), false},            \
      {"plain_http", ctd_read_plain_http, (registry) + offsetof(struct ctd_registry_options, plain_http), false},      \
      {"retries", ctd_read_retries, (registry) + offsetof(struct ctd_registry_options, retries), false},               \
      {"idle_timeout", ctd_read_number, (registry) + offsetof(struct ctd_registry_options, idle_timeout), false}, {    \
    "progress", ctd_read_progress, (listener), false                                                                   \
  }

#endif
