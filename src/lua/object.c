#include "lua/object.h"
#include "base/thread.h"
#include "lua/op.h"
#include <string.h>

struct ctd_object *ctd_object_push(lua_State *L, const struct ctd_type *type, void *pointer, bool safe) {
  struct ctd_object *object = lua_newuserdata(L, sizeof *object);
  memset(object, 0, sizeof *object);
  object->safe = safe;
  ctd_registry_get(L, type);
  lua_setmetatable(L, -2);
  object->pointer = *(void **)pointer;
  *(void **)pointer = NULL;
  return object;
}

struct ctd_object *ctd_object_test(lua_State *L, int index, const struct ctd_type *type) {
  struct ctd_object *object = lua_touserdata(L, index);
  if (!object || !lua_getmetatable(L, index))
    return NULL;
  ctd_registry_get(L, type);
  bool same = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return same ? object : NULL;
}

struct ctd_object *ctd_object_check(lua_State *L, int index, const struct ctd_type *type) {
  struct ctd_object *object = ctd_object_test(L, index, type);
  if (!object)
    luaL_error(L, "%s expected, got %s (methods are called with a colon)", type->name, luaL_typename(L, index));
  else if (!object->pointer)
    luaL_error(L, "the %s is closed", type->name);
  else
    object->claimed = true;
  return object;
}

int ctd_object_dispose(const struct ctd_type *type, void *pointer, struct ctd_error *err) {
  struct ctd_scope scope;
  ctd_scope_init(&scope, CTD_UNDO_SECONDS);
  if (!type->dispose(pointer, &scope, err))
    return 0;
  if (err->code != CTD_NOT_FOUND)
    return -1;
  ctd_error_clear(err);
  return 0;
}

/* Those that all types have find theirs in an upvalue. */
static const struct ctd_type *object_type(lua_State *L) {
  return lua_touserdata(L, lua_upvalueindex(1));
}

static struct ctd_object *object_self(lua_State *L) {
  const struct ctd_type *type = object_type(L);
  struct ctd_object *object = ctd_object_test(L, 1, type);
  if (!object)
    luaL_error(L, "%s expected, got %s", type->name, luaL_typename(L, 1));
  return object;
}

/* What is disposed of by a thread of its own. */
struct disposal {
  const struct ctd_type *type;
  void *pointer;
  struct ctd_hub *hub;
  struct ctd_error *err;
  int result;
  atomic_bool over;
};

static void *disposal_run(void *context) {
  struct disposal *disposal = context;
  disposal->result = ctd_object_dispose(disposal->type, disposal->pointer, disposal->err);
  atomic_store(&disposal->over, true);
  ctd_hub_ring(disposal->hub);
  return NULL;
}

/*
 * The end of a process may wait for its output to be read, and that of its input for the process: reads that are under
 * way go on meanwhile.
 */
static int object_dispose(lua_State *L, const struct ctd_type *type, void *pointer, struct ctd_error *err) {
  struct disposal disposal = {.type = type, .pointer = pointer, .hub = ctd_hub_find(L), .err = err};
  struct ctd_error ignored = {0};
  pthread_t thread;
  if (!disposal.hub || !ctd_hub_expected(disposal.hub) || ctd_hub_is_foreign(disposal.hub))
    return ctd_object_dispose(type, pointer, err);
  if (ctd_thread_start(&thread, "ctd-close", disposal_run, &disposal, &ignored)) {
    ctd_error_clear(&ignored);
    return ctd_object_dispose(type, pointer, err);
  }
  ctd_hub_serve(disposal.hub, &disposal.over);
  pthread_join(thread, NULL);
  return disposal.result;
}

/* Nothing that needs memory of Lua comes before the deed; and nothing that is owned is left where Lua may raise. */
static int object_close(lua_State *L) {
  const struct ctd_type *type = object_type(L);
  struct ctd_object *object = object_self(L);
  struct ctd_error err = {0};
  void *pointer = object->pointer;
  int result = 0;
  object->pointer = NULL;
  if (pointer) {
    if (object->auto_delete)
      result = object_dispose(L, type, pointer, &err);
    type->unref(pointer);
  }
  if (!result) {
    lua_pushboolean(L, true);
    return 1;
  }
  json_decref(err.details);
  err.details = NULL;
  *ctd_fail_box(L) = err;
  return ctd_fail(L, object->safe);
}

/* A script may call it too, with anything. */
static int object_gc(lua_State *L) {
  const struct ctd_type *type = object_type(L);
  struct ctd_object *object = object_self(L);
  struct ctd_error err = {0};
  void *pointer = object->pointer;
  object->pointer = NULL;
  if (!pointer)
    return 0;
  if (object->auto_delete && !object->claimed)
    ctd_object_dispose(type, pointer, &err);
  ctd_error_clear(&err);
  type->unref(pointer);
  return 0;
}

static int object_tostring(lua_State *L) {
  const struct ctd_type *type = object_type(L);
  const struct ctd_object *object = object_self(L);
  if (object->pointer)
    type->describe(L, object->pointer);
  else
    lua_pushliteral(L, "closed");
  lua_pushfstring(L, "%s (%s)", type->name, lua_tostring(L, -1));
  return 1;
}

static int object_eq(lua_State *L) {
  const struct ctd_type *type = object_type(L);
  const struct ctd_object *a = ctd_object_test(L, 1, type), *b = ctd_object_test(L, 2, type);
  bool open = a && b && a->pointer && b->pointer;
  lua_pushboolean(L, open && type->equal(a->pointer, b->pointer));
  return 1;
}

/* Into the table on top. */
static void set_function(lua_State *L, const struct ctd_type *type, const char *name, lua_CFunction function) {
  lua_pushlightuserdata(L, (void *)type);
  lua_pushcclosure(L, function, 1);
  lua_setfield(L, -2, name);
}

static int object_index(lua_State *L) {
  lua_pushvalue(L, 2);
  lua_rawget(L, lua_upvalueindex(2));
  return lua_isnil(L, -1) ? object_type(L)->index(L) : 1;
}

/* The method table is on top, the metatable below it. */
static void open_index(lua_State *L, const struct ctd_type *type) {
  if (type->index) {
    lua_pushlightuserdata(L, (void *)type);
    lua_pushvalue(L, -2);
    lua_pushcclosure(L, object_index, 2);
  } else {
    lua_pushvalue(L, -1);
  }
  lua_setfield(L, -3, "__index");
}

static void open_metamethods(lua_State *L, const struct ctd_type *type) {
  lua_pushstring(L, type->name);
  lua_setfield(L, -2, "__name");
  set_function(L, type, "__tostring", object_tostring);
  set_function(L, type, "__close", object_close);
  set_function(L, type, "__gc", object_gc);
  if (type->equal)
    set_function(L, type, "__eq", object_eq);
}

void ctd_object_open(lua_State *L, const struct ctd_type *type) {
  lua_newtable(L);
  open_metamethods(L, type);
  lua_newtable(L);
  if (type->functions)
    ctd_set_functions(L, type->functions);
  if (type->methods)
    ctd_method_register(L, type->methods, type, false);
  if (type->extend)
    type->extend(L);
  set_function(L, type, "close", object_close);
  open_index(L, type);
  lua_pushvalue(L, -3);
  ctd_object_list_methods(L, type->name, lua_gettop(L) - 1);
  lua_pop(L, 2);
  ctd_registry_set(L, type);
}

static bool comes_before(lua_State *L, int a, int b) {
  return strcmp(lua_tostring(L, a), lua_tostring(L, b)) < 0;
}

/* Sorts the new last of `count` strings in the table on top into its place. */
static void list_insert(lua_State *L, int count) {
  for (int i = count; i > 1; i--) {
    lua_rawgeti(L, -1, i - 1);
    lua_rawgeti(L, -2, i);
    if (!comes_before(L, -1, -2)) {
      lua_pop(L, 2);
      return;
    }
    lua_rawseti(L, -3, i - 1);
    lua_rawseti(L, -2, i);
  }
}

void ctd_object_list_methods(lua_State *L, const char *type_name, int methods) {
  int count = 0;
  lua_newtable(L);
  for (lua_pushnil(L); lua_next(L, methods);) {
    lua_pop(L, 1);
    lua_pushvalue(L, -1);
    lua_rawseti(L, -3, ++count);
    lua_insert(L, -2); /* the key below the list while that is sorted */
    list_insert(L, count);
    lua_insert(L, -2);
  }
  lua_setfield(L, -2, type_name);
}
