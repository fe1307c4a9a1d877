#include "lua/spec_options.h"
#include "lua/op.h"

void ctd_read_given_integer(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  struct ctd_given *given = target;
  ctd_read_integer(L, index, op, name, &given->value);
  given->is = true;
}

void ctd_read_given_boolean(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  struct ctd_given *given = target;
  bool value;
  ctd_read_boolean(L, index, op, name, &value);
  *given = (struct ctd_given){.is = true, .value = value};
}

static bool is_none(lua_State *L, int index) {
  return lua_type(L, index) == LUA_TNUMBER && lua_tonumber(L, index) == -1;
}

void ctd_read_limit(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  ctd_read_size(L, index, op, name, target);
  if (*(int64_t *)target == 0)
    ctd_read_failed(L, index, op, name, "size above 0");
}

void ctd_read_limit_or_none(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  if (is_none(L, index))
    *(int64_t *)target = -1;
  else
    ctd_read_limit(L, index, op, name, target);
}

void ctd_read_positive(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  int number = 0;
  ctd_read_count(L, index, op, name, &number);
  *(int64_t *)target = number;
}

void ctd_read_positive_or_none(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  if (is_none(L, index))
    *(int64_t *)target = -1;
  else
    ctd_read_positive(L, index, op, name, target);
}

void ctd_read_quota(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  ctd_read_integer(L, index, op, name, target);
  if (*(int64_t *)target == 0)
    ctd_read_failed(L, index, op, name, "integer other than 0");
}

/* Sizes by page sizes, each a number of bytes or "64M". */
void ctd_read_hugepages(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  ctd_read_object(L, index, op, name, target);
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    int64_t size;
    ctd_read_size(L, lua_gettop(L), op, name, &size);
    if (json_object_set_new(*(json_t **)target, lua_tostring(L, -2), json_integer(size)))
      luaL_error(L, "not enough memory");
  }
}
