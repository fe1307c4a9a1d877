#include "lua/reference.h"
#include "lua/fail.h"
#include "lua/options.h"
#include "lua/record.h"
#include "oci/reference.h"
#include <string.h>

static const char metatable_key; /* registry: of the boxes that hold a struct ctd_reference */

static struct ctd_reference *reference_box(lua_State *L) {
  struct ctd_reference *reference = lua_newuserdata(L, sizeof *reference);
  memset(reference, 0, sizeof *reference);
  ctd_registry_get(L, &metatable_key);
  lua_setmetatable(L, -2);
  return reference;
}

static int reference_gc(lua_State *L) {
  ctd_reference_free(lua_touserdata(L, 1));
  return 0;
}

/* The parsed argument in a box; NULL: an error object is on top. */
static const struct ctd_reference *reference_read(lua_State *L) {
  const char *text = luaL_checkstring(L, 1);
  luaL_argcheck(L, ctd_is_text(L, 1), 1, "the string has a zero byte");
  struct ctd_reference *reference = reference_box(L);
  struct ctd_error *err = ctd_fail_box(L);
  return ctd_reference_parse(reference, text, err) ? NULL : reference;
}

static int reference_fail(lua_State *L) {
  return ctd_fail(L, lua_toboolean(L, lua_upvalueindex(1)));
}

static int reference_parse(lua_State *L) {
  const struct ctd_reference *reference = reference_read(L);
  if (!reference)
    return reference_fail(L);
  lua_createtable(L, 0, 5);
  ctd_record_set_string(L, "domain", reference->domain);
  ctd_record_set_string(L, "path", reference->path);
  ctd_record_set_string(L, "tag", reference->tag);
  ctd_record_set_string(L, "digest", reference->digest);
  ctd_record_set_string(L, "name", reference->name);
  return 1;
}

static int reference_normalize(lua_State *L) {
  const struct ctd_reference *reference = reference_read(L);
  if (!reference)
    return reference_fail(L);
  lua_pushstring(L, reference->name);
  return 1;
}

void ctd_reference_open(lua_State *L, bool safe) {
  lua_newtable(L);
  lua_pushcfunction(L, reference_gc);
  lua_setfield(L, -2, "__gc");
  ctd_registry_set(L, &metatable_key);

  lua_pushboolean(L, safe);
  lua_pushcclosure(L, reference_parse, 1);
  lua_setfield(L, -2, "parse_reference");
  lua_pushboolean(L, safe);
  lua_pushcclosure(L, reference_normalize, 1);
  lua_setfield(L, -2, "normalize");
}
