#include "lua/method.h"
#include "lua/fail.h"
#include "lua/future.h"
#include "lua/object.h"
#include <stdarg.h>

static const char wait_key; /* registry: what containerd.wait gave */

int ctd_misuse(lua_State *L, struct ctd_op *op, const char *format, ...) {
  va_list args;
  luaL_where(L, op->level);
  lua_pushfstring(L, "%s: ", op->method->name);
  va_start(args, format);
  lua_pushvfstring(L, format, args);
  va_end(args);
  lua_concat(L, 3);
  return lua_error(L);
}

void ctd_method_keep(lua_State *L, int index, const char *name) {
  index = ctd_absindex(L, index);
  ctd_get_companion(L, CTD_METHOD_HANDLE);
  lua_pushvalue(L, index);
  lua_setfield(L, -2, name);
  lua_pop(L, 1);
}

/* new(method, safe, blocking) -> handle */
static int method_new(lua_State *L) {
  struct ctd_op *op = ctd_future_push(L, lua_touserdata(L, 1), lua_toboolean(L, 3));
  op->safe = lua_toboolean(L, 2);
  return 1;
}

static void receiver_read(lua_State *L, struct ctd_op *op, const struct ctd_type *type) {
  struct ctd_object *object = ctd_object_test(L, CTD_METHOD_RECEIVER, type);
  if (!object)
    ctd_misuse(L, op, "%s expected, got %s (methods are called with a colon)", type->name,
               luaL_typename(L, CTD_METHOD_RECEIVER));
  else if (!object->pointer)
    ctd_misuse(L, op, "the %s is closed", type->name);
  else {
    object->claimed = true;
    op->safe = object->safe;
    *(void **)op->request = type->ref(object->pointer);
    op->type = type;
  }
}

static void request_read(lua_State *L, struct ctd_op *op) {
  const struct ctd_method *method = op->method;
  if (method->parse)
    method->parse(L, op, op->request);
  if (method->flags & CTD_METHOD_VARIADIC)
    return;
  int options = ctd_arguments_read(L, CTD_METHOD_ARGUMENT, op, method->arguments, op->request);
  ctd_options_read(L, options, op, method->options, op->request);
}

/* read(handle, type, [receiver,] ...) -> whether the caller wants to block: reads the arguments */
static int method_read(lua_State *L) {
  struct ctd_op *op = ctd_future_check(L, 1);
  const struct ctd_type *type = lua_touserdata(L, 2);
  if (type) {
    lua_remove(L, 2);
    receiver_read(L, op, type);
  } /* else the second argument, nil, stands where a receiver would */
  request_read(L, op);
  lua_pushboolean(L, op->block);
  return 1;
}

/* Upvalues: the method, its type. What the receiver alone gives at once; nothing: it takes an operation. */
static int method_take(lua_State *L) {
  const struct ctd_method *method = lua_touserdata(L, lua_upvalueindex(1));
  struct ctd_object *object = lua_gettop(L) == 1 ? ctd_object_test(L, 1, lua_touserdata(L, lua_upvalueindex(2))) : NULL;
  if (!object || !object->pointer)
    return 0;
  object->claimed = true;
  return method->take(L, object->pointer);
}

/* start(handle, yields) */
static int method_start(lua_State *L) {
  ctd_op_start(ctd_future_check(L, 1), lua_toboolean(L, 2));
  return 0;
}

/* news() -> how many operations there are to take */
static int hub_news(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)ctd_hub_news(ctd_hub_of(L)));
  return 1;
}

/* take() -> the handle of an operation with something to call or to tell; false: it's gone; nil: there is none */
static int hub_take(lua_State *L) {
  struct ctd_op *op = ctd_hub_take(ctd_hub_of(L));
  if (!op)
    return 0;
  ctd_future_find(L, op);
  ctd_op_unref(op);
  if (lua_isnil(L, -1))
    lua_pushboolean(L, false);
  return 1;
}

static int hub_pause(lua_State *L) {
  ctd_adopt_interrupt(L);
  ctd_hub_wait(ctd_hub_of(L), luaL_checknumber(L, 1));
  return 0;
}

static int hub_pollfd(lua_State *L) {
  struct ctd_error *err = ctd_fail_box(L);
  int fd = ctd_hub_fd(ctd_hub_of(L), err);
  if (fd < 0)
    return ctd_fail(L, false);
  lua_pushinteger(L, fd);
  return 1;
}

/* listen() -> path */
static int hub_listen(lua_State *L) {
  const char *path;
  struct ctd_error *err = ctd_fail_box(L);
  if (ctd_hub_listen(ctd_hub_of(L), &path, err))
    return ctd_fail(L, false);
  lua_pushstring(L, path);
  return 1;
}

static int hub_accept(lua_State *L) {
  struct ctd_error *err = ctd_fail_box(L);
  return ctd_hub_accept(ctd_hub_of(L), err) ? ctd_fail(L, false) : 0;
}

static int hub_hang_up(lua_State *L) {
  ctd_hub_hang_up(ctd_hub_of(L));
  return 0;
}

/* expected() -> how many operations go on elsewhere */
static int hub_expected(lua_State *L) {
  lua_pushinteger(L, ctd_hub_expected(ctd_hub_of(L)));
  return 1;
}

static int now(lua_State *L) {
  lua_pushnumber(L, ctd_now_monotonic());
  return 1;
}

static const luaL_Reg method_functions[] = {
    {"new", method_new},    {"read", method_read},    {"start", method_start},    {"take", hub_take},
    {"pause", hub_pause},   {"pollfd", hub_pollfd},   {"expected", hub_expected}, {"listen", hub_listen},
    {"accept", hub_accept}, {"hang_up", hub_hang_up}, {"news", hub_news},         {"now", now},
    {NULL, NULL},
};

void ctd_method_push_wait(lua_State *L) {
  ctd_registry_get(L, &wait_key);
}

/* Calling it is what a generic for does. */
void ctd_method_extend_iterator(lua_State *L, const char *next) {
  ctd_method_push_wait(L);
  lua_getfield(L, -1, "iterator");
  lua_remove(L, -2);
  lua_getfield(L, -2, next);
  lua_call(L, 1, 1);
  lua_setfield(L, -3, "__call");
}

static void push_take(lua_State *L, const struct ctd_method *method, const struct ctd_type *type) {
  if (!method->take) {
    lua_pushnil(L);
    return;
  }
  lua_pushlightuserdata(L, (void *)method);
  lua_pushlightuserdata(L, (void *)type);
  lua_pushcclosure(L, method_take, 2);
}

/* `maker` of containerd.wait makes the function; it becomes `name` in the table on top. */
static void make_function(lua_State *L, const char *maker, const struct ctd_method *method, const struct ctd_type *type,
                          bool safe) {
  ctd_method_push_wait(L);
  lua_getfield(L, -1, maker);
  lua_remove(L, -2);
  lua_pushlightuserdata(L, (void *)method);
  if (type)
    lua_pushlightuserdata(L, (void *)type);
  else
    lua_pushnil(L);
  lua_pushboolean(L, safe);
  push_take(L, method, type);
  lua_call(L, 4, 1);
}

void ctd_method_register(lua_State *L, const struct ctd_method *const *methods, const struct ctd_type *type,
                         bool safe) {
  for (; *methods; methods++) {
    make_function(L, "blocking", *methods, type, safe);
    lua_setfield(L, -2, (*methods)->name);
    lua_pushfstring(L, "%s_async", (*methods)->name);
    make_function(L, "async", *methods, type, safe);
    lua_rawset(L, -3);
  }
}

void ctd_method_open(lua_State *L) {
  lua_getglobal(L, "require");
  lua_pushliteral(L, "containerd.wait");
  lua_call(L, 1, 1);
  lua_newtable(L);
  ctd_set_functions(L, method_functions);
  ctd_future_functions(L);
  lua_pushinteger(L, CTD_UNDO_SECONDS);
  lua_setfield(L, -2, "undo_seconds");
  lua_call(L, 1, 1);
  lua_pushvalue(L, -1);
  ctd_registry_set(L, &wait_key);
  lua_getfield(L, -1, "future");
  ctd_future_open(L);
}
