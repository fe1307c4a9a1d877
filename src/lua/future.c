#include "lua/future.h"
#include "lua/fail.h"
#include <string.h>

struct handle {
  struct ctd_op *op; /* NULL: closed */
};

static const char metatable_key; /* registry */
static const char handles_key;   /* registry: operation -> handle, weak */

static void handle_close(struct handle *handle) {
  struct ctd_op *op = handle->op;
  handle->op = NULL;
  if (!op)
    return;
  ctd_op_cancel(op);
  ctd_hub_forget(op->hub, op);
  ctd_op_unref(op);
}

static struct handle *handle_test(lua_State *L, int index) {
  struct handle *handle = lua_touserdata(L, index);
  if (!handle || !lua_getmetatable(L, index))
    return NULL;
  ctd_registry_get(L, &metatable_key);
  bool same = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return same ? handle : NULL;
}

static void remember(lua_State *L, struct ctd_op *op, int index) {
  ctd_registry_get(L, &handles_key);
  lua_pushlightuserdata(L, op);
  lua_pushvalue(L, index);
  lua_rawset(L, -3);
  lua_pop(L, 1);
}

struct ctd_op *ctd_future_push(lua_State *L, const struct ctd_method *method, bool blocking) {
  struct ctd_hub *hub = ctd_hub_of(L);
  struct handle *handle = lua_newuserdata(L, sizeof *handle);
  handle->op = NULL;
  ctd_registry_get(L, &metatable_key);
  lua_setmetatable(L, -2);
  lua_newtable(L);
  ctd_set_companion(L, -2);
  struct ctd_error *err = ctd_fail_box(L);
  handle->op = ctd_op_new(method, hub, blocking, err);
  if (!handle->op)
    luaL_error(L, "%s", err->message);
  lua_pop(L, 1);
  remember(L, handle->op, lua_gettop(L));
  return handle->op;
}

/* What raises here was called by containerd.wait's function, which the script called. */
static struct handle *handle_check(lua_State *L, int index) {
  struct handle *handle = handle_test(L, index);
  if (handle)
    return handle;
  luaL_where(L, 2);
  lua_pushfstring(L, "containerd.future expected, got %s", luaL_typename(L, index));
  lua_concat(L, 2);
  lua_error(L);
  return NULL;
}

struct ctd_op *ctd_future_check(lua_State *L, int index) {
  struct handle *handle = handle_check(L, index);
  if (!handle->op) {
    luaL_where(L, 2);
    lua_pushliteral(L, "the containerd.future is closed");
    lua_concat(L, 2);
    lua_error(L);
  }
  return handle->op;
}

void ctd_future_find(lua_State *L, struct ctd_op *op) {
  ctd_registry_get(L, &handles_key);
  lua_pushlightuserdata(L, op);
  lua_rawget(L, -2);
  lua_remove(L, -2);
  const struct handle *handle = lua_touserdata(L, -1);
  if (handle && handle->op == op)
    return;
  lua_pop(L, 1); /* closed, or of an operation that had this address before */
  lua_pushnil(L);
}

/* poll(handle, seconds) -> done, elsewhere, yields: what completes it, and whether its caller yields meanwhile */
static int future_poll(lua_State *L) {
  struct ctd_op *op = ctd_future_check(L, 1);
  ctd_adopt_interrupt(L);
  lua_pushboolean(L, ctd_op_poll(op, luaL_optnumber(L, 2, 0)));
  lua_pushboolean(L, !ctd_op_is_driven(op));
  lua_pushboolean(L, !op->blocking || op->yields);
  return 3;
}

/* check(handle): raises if it's no future, or closed. */
static int future_check(lua_State *L) {
  ctd_future_check(L, 1);
  return 0;
}

/* hand_over(handle): the hub tells when it's done. */
static int future_hand_over(lua_State *L) {
  const struct handle *handle = handle_check(L, 1);
  if (handle->op)
    ctd_op_hand_over(handle->op);
  return 0;
}

/* The error object of a failed operation: made once, since it may be raised often. `companion` is an index. */
static void push_error(lua_State *L, struct ctd_op *op, int companion) {
  lua_getfield(L, companion, "error");
  if (!lua_isnil(L, -1))
    return;
  lua_pop(L, 1);
  struct ctd_error *err = ctd_fail_box(L);
  lua_pushvalue(L, -1);
  lua_setfield(L, companion, "error");
  ctd_error_move(err, &op->error);
}

static int push_results(lua_State *L, struct ctd_op *op) {
  if (op->method->push)
    return op->method->push(L, op, op->request);
  lua_pushboolean(L, true);
  return 1;
}

/* Keeps the `count` results on top, which stay there, for the next time. */
static void keep_results(lua_State *L, int companion, int count) {
  int first = lua_gettop(L) - count + 1;
  lua_createtable(L, count, 1);
  for (int i = 0; i < count; i++) {
    lua_pushvalue(L, first + i);
    lua_rawseti(L, -2, i + 1);
  }
  lua_pushinteger(L, count);
  lua_setfield(L, -2, "n");
  lua_setfield(L, companion, "results");
}

/* The number of results of an earlier time, pushed; −1: there was none. */
static int push_kept(lua_State *L, int companion) {
  lua_getfield(L, companion, "results");
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    return -1;
  }
  int kept = lua_gettop(L);
  lua_getfield(L, kept, "n");
  int count = (int)lua_tointeger(L, -1);
  lua_pop(L, 1);
  luaL_checkstack(L, count, "results");
  for (int i = 1; i <= count; i++)
    lua_rawgeti(L, kept, i);
  return count;
}

/* result(handle) of one that is done: its results, or its failure. A blocking method's operation ends with this. */
static int future_result(lua_State *L) {
  struct ctd_op *op = ctd_future_check(L, 1);
  lua_settop(L, 1);
  ctd_get_companion(L, 1);
  lua_getfield(L, 2, "raise");
  if (!lua_isnil(L, -1))
    return lua_error(L);
  lua_pop(L, 1);
  if (op->result) {
    push_error(L, op, 2);
    return ctd_fail(L, op->safe);
  }
  int count = push_kept(L, 2);
  if (count >= 0)
    return count;
  count = push_results(L, op);
  if (op->blocking)
    handle_close(lua_touserdata(L, 1));
  else
    keep_results(L, 2, count);
  return count;
}

static bool has_raised(lua_State *L, int handle) {
  ctd_get_companion(L, handle);
  lua_getfield(L, -1, "raise");
  bool raised = !lua_isnil(L, -1);
  lua_pop(L, 2);
  return raised;
}

/* failed(handle) of one that is done */
static int future_failed(lua_State *L) {
  struct ctd_op *op = ctd_future_check(L, 1);
  lua_pushboolean(L, op->result || has_raised(L, 1));
  return 1;
}

/* raise(handle, error): a function of the script failed: the operation ends, with this error. */
static int future_raise(lua_State *L) {
  struct ctd_op *op = ctd_future_check(L, 1);
  ctd_get_companion(L, 1);
  lua_pushvalue(L, 2);
  lua_setfield(L, -2, "raise");
  ctd_op_cancel(op);
  return 0;
}

static int future_cancel(lua_State *L) {
  ctd_op_cancel(ctd_future_check(L, 1));
  return 0;
}

static int future_close(lua_State *L) {
  handle_close(handle_check(L, 1));
  return 0;
}

/* expire(handle, seconds): an await timed out, which changes nothing for the operation. */
static int future_expire(lua_State *L) {
  struct ctd_op *op = ctd_future_check(L, 1);
  struct ctd_error *err = ctd_fail_box(L);
  ctd_error_set(err, CTD_DEADLINE_EXCEEDED, "await %s: not done after %g s", op->method->name, lua_tonumber(L, 2));
  strcpy(err->op, "await");
  return ctd_fail(L, op->safe);
}

/* refuse(handle, or a function's name): what runs can't yield to the host's event loop, or has been refused already. */
static int future_refuse(lua_State *L) {
  const struct handle *handle = handle_test(L, 1);
  const struct ctd_op *op = handle ? handle->op : NULL;
  const char *name = op ? op->method->name : luaL_checkstring(L, 1);
  if (op && op->done)
    return future_result(L);
  struct ctd_error *err = ctd_fail_box(L);
  ctd_error_set(err, CTD_FAILED_PRECONDITION, "%s: can't wait where nothing can yield to the event loop", name);
  snprintf(err->op, sizeof err->op, "%s", name);
  return ctd_fail(L, op && op->safe);
}

static int future_upcall(lua_State *L) {
  return ctd_upcall_take(L, ctd_future_check(L, 1), 1);
}

static int future_answer(lua_State *L) {
  ctd_upcall_answer(L, ctd_future_check(L, 1), 2);
  return 0;
}

static int future_gc(lua_State *L) {
  handle_close(handle_check(L, 1));
  return 0;
}

static int future_tostring(lua_State *L) {
  struct ctd_op *op = handle_check(L, 1)->op;
  if (op)
    lua_pushfstring(L, "containerd.future (%s, %s)", op->method->name, ctd_op_poll(op, 0) ? "done" : "running");
  else
    lua_pushliteral(L, "containerd.future (closed)");
  return 1;
}

static const luaL_Reg future_functions[] = {
    {"poll", future_poll},
    {"check", future_check},
    {"hand_over", future_hand_over},
    {"result", future_result},
    {"failed", future_failed},
    {"raise", future_raise},
    {"cancel", future_cancel},
    {"close", future_close},
    {"expire", future_expire},
    {"upcall", future_upcall},
    {"answer", future_answer},
    {"refuse", future_refuse},
    {NULL, NULL},
};

int ctd_future_traits(lua_State *L) {
  const struct handle *handle = handle_check(L, 1);
  if (!handle->op)
    return 0;
  lua_pushboolean(L, handle->op->blocking);
  lua_pushboolean(L, (handle->op->method->flags & CTD_METHOD_ENDLESS) != 0);
  return 2;
}

void ctd_future_functions(lua_State *L) {
  ctd_set_functions(L, future_functions);
}

static const luaL_Reg future_metamethods[] = {{"__gc", future_gc}, {"__tostring", future_tostring}, {NULL, NULL}};

void ctd_future_open(lua_State *L) {
  lua_newtable(L);
  lua_insert(L, -2);
  lua_getfield(L, -1, "close");
  lua_setfield(L, -3, "__close");
  lua_setfield(L, -2, "__index");
  lua_pushliteral(L, "containerd.future");
  lua_setfield(L, -2, "__name");
  ctd_set_functions(L, future_metamethods);
  ctd_registry_set(L, &metatable_key);

  lua_newtable(L);
  lua_newtable(L);
  lua_pushliteral(L, "v");
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  ctd_registry_set(L, &handles_key);
}
