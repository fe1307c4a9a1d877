#include "client/client.h"
#include "lua/op.h"
#include "lua/types.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECT_TIMEOUT 10 /* seconds */

struct connect {
  struct ctd_client_options options;
  struct ctd_client *client;
};

/* The socket of a containerd that runs as this user:
 * https://github.com/containerd/containerd/blob/main/docs/rootless.md
 */
static void push_rootless(lua_State *L) {
  const char *directory = getenv("XDG_RUNTIME_DIR");
  if (directory && *directory)
    lua_pushfstring(L, "%s/containerd/containerd.sock", directory);
  else
    lua_pushfstring(L, "/run/user/%d/containerd/containerd.sock", (int)getuid());
}

static void read_address(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  ctd_read_string(L, index, op, name, target);
  if (strcmp(*(const char **)target, "rootless") != 0)
    return;
  push_rootless(L);
  *(const char **)target = ctd_arena_string(L, &op->arena, -1);
  lua_pop(L, 1);
}

static const char *from_environment(lua_State *L, struct ctd_op *op, const char *variable) {
  const char *value = getenv(variable);
  if (!value || !*value)
    return NULL;
  lua_pushstring(L, value);
  value = ctd_arena_string(L, &op->arena, -1);
  lua_pop(L, 1);
  return value;
}

static const struct ctd_option connect_options[] = {
    {"address", read_address, offsetof(struct connect, options.address), false},
    {"namespace", ctd_read_string, offsetof(struct connect, options.ns), false},
    {"platform", ctd_read_string, offsetof(struct connect, options.platform), false},
    {"runtime", ctd_read_string, offsetof(struct connect, options.runtime), false},
    {"snapshotter", ctd_read_string, offsetof(struct connect, options.snapshotter), false},
    {"hosts_dir", ctd_read_string, offsetof(struct connect, options.hosts_dir), false},
    {NULL, NULL, 0, false},
};

/*
 * What nginx runs in its init phase runs in the master, whose workers are forked afterwards: nothing that was started
 * before works in them.
 */
static bool is_in_nginx_master(lua_State *L) {
  int top = lua_gettop(L);
  bool in_master = false;
  lua_getglobal(L, "ngx");
  if (lua_istable(L, -1)) {
    lua_getfield(L, -1, "get_phase");
    if (lua_isfunction(L, -1)) {
      lua_call(L, 0, 1);
      in_master = ctd_is_text(L, -1) && !strcmp(lua_tostring(L, -1), "init");
    }
  }
  lua_settop(L, top);
  return in_master;
}

static void connect_parse(lua_State *L, struct ctd_op *op, void *data) {
  struct connect *request = data;
  op->timeout = CONNECT_TIMEOUT;
  if (is_in_nginx_master(L))
    ctd_op_fail(
        op, CTD_FAILED_PRECONDITION,
        "init_by_lua runs in nginx's master, and its workers couldn't use the connection: connect in a request, "
        "in a timer, or with block = true in init_worker_by_lua");
  request->options.address = from_environment(L, op, "CONTAINERD_ADDRESS");
  request->options.ns = from_environment(L, op, "CONTAINERD_NAMESPACE");
  request->options.hosts_dir = from_environment(L, op, "CONTAINERD_HOSTS_DIR");
  if (lua_type(L, CTD_METHOD_ARGUMENT) == LUA_TSTRING)
    read_address(L, CTD_METHOD_ARGUMENT, op, "address", &request->options.address);
  else
    ctd_options_read(L, CTD_METHOD_ARGUMENT, op, connect_options, request);
}

static int connect_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct connect *request = data;
  return ctd_client_connect(&request->client, &request->options, scope, err);
}

static int connect_push(lua_State *L, struct ctd_op *op, void *data) {
  struct connect *request = data;
  ctd_object_push(L, &ctd_client_type, &request->client, op->safe);
  return 1;
}

static void connect_release(void *data) {
  ctd_client_unref(((struct connect *)data)->client);
}

const struct ctd_method ctd_connect_method = {
    .name = "connect",
    .flags = CTD_METHOD_VARIADIC,
    .size = sizeof(struct connect),
    .parse = connect_parse,
    .run = connect_run,
    .push = connect_push,
    .release = connect_release,
};
