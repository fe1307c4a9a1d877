/* containerd.core: the C part. It gives the methods of all types, and the module's functions in two habits. */
#include "lua/alarm.h"
#include "lua/codec.h"
#include "lua/fail.h"
#include "lua/file.h"
#include "lua/future.h"
#include "lua/hub.h"
#include "lua/json.h"
#include "lua/message.h"
#include "lua/reference.h"
#include "lua/services.h"
#include "lua/types.h"

/* What containerd.wait defines of the module. */
static const char *const wait_functions[] = {"sleep", "all", "any", "use", "hub", NULL};

static const struct ctd_type *const types[] = {
    &ctd_client_type,    &ctd_image_type,   &ctd_container_type,
    &ctd_task_type,      &ctd_process_type, &ctd_stream_type,
    &ctd_lease_type,     &ctd_leases_type,  &ctd_namespaces_type,
    &ctd_content_type,   &ctd_walk_type,    &ctd_reader_type,
    &ctd_writer_type,    &ctd_events_type,  &ctd_snapshotter_type,
    &ctd_exchange_type,  &ctd_diff_type,    &ctd_sandbox_type,
    &ctd_sandboxes_type, &ctd_mounts_type,  NULL,
};

static const struct ctd_method *const module_methods[] = {&ctd_connect_method, NULL};

static const luaL_Reg module_functions[] = {
    {"is_error", ctd_fail_is_error},
    {"array", ctd_json_array_function},
    {"services", ctd_services_function},
    {NULL, NULL},
};

/* module(safe) -> a new table of the module's functions; its upvalue is what containerd.wait gave */
static int core_module(lua_State *L) {
  bool safe = lua_toboolean(L, 1);
  lua_newtable(L);
  ctd_set_functions(L, module_functions);
  ctd_method_register(L, module_methods, NULL, safe);
  ctd_reference_open(L, safe);
  ctd_codec_open(L, safe);
  for (const char *const *name = wait_functions; *name; name++) {
    lua_getfield(L, lua_upvalueindex(1), *name);
    lua_setfield(L, -2, *name);
  }
  ctd_json_push_null(L);
  lua_setfield(L, -2, "null");
  ctd_fail_push_codes(L);
  lua_setfield(L, -2, "codes");
  return 1;
}

/* Those that are made in Lua, into the table of all types on top; `wait` is the index of what containerd.wait gave. */
static void list_lua_types(lua_State *L, int wait) {
  int list = lua_gettop(L);
  lua_getfield(L, wait, "types");
  for (lua_pushnil(L); lua_next(L, list + 1); lua_settop(L, list + 2)) {
    int methods = lua_gettop(L);
    lua_pushvalue(L, list);
    ctd_object_list_methods(L, lua_tostring(L, methods - 1), methods);
  }
  lua_settop(L, list);
}

__attribute__((visibility("default"))) int luaopen_containerd_core(lua_State *L);

static const char core_key; /* registry: the module */

/* Leaves the module at index 2. */
static void core_open(lua_State *L) {
  ctd_json_open(L);
  ctd_message_open(L);
  ctd_fail_open(L);
  ctd_hub_open(L);
  ctd_method_open(L); /* at index 1 */
  lua_newtable(L);    /* the module, 2 */
  lua_newtable(L);    /* the names of all types' methods, 3 */
  for (const struct ctd_type *const *type = types; *type; type++)
    ctd_object_open(L, *type);
  list_lua_types(L, 1);
  lua_setfield(L, 2, "methods");
  lua_pushcfunction(L, ctd_file_columns);
  lua_setfield(L, 2, "columns");
  lua_pushcfunction(L, ctd_alarm_function);
  lua_setfield(L, 2, "alarm");
  lua_pushcfunction(L, ctd_future_traits);
  lua_setfield(L, 2, "traits");
  lua_pushvalue(L, 1);
  lua_pushcclosure(L, core_module, 1);
  lua_setfield(L, 2, "module");
}

/*
 * Once in a Lua state: a host that forgets what it has loaded, and loads it again, has objects from before, which need
 * their metatables.
 */
int luaopen_containerd_core(lua_State *L) {
  lua_settop(L, 0);
  ctd_registry_get(L, &core_key);
  if (!lua_isnil(L, 1))
    return 1;
  lua_settop(L, 0);
  core_open(L);
  lua_pushvalue(L, 2);
  ctd_registry_set(L, &core_key);
  return 1;
}
