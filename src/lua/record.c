#include "lua/record.h"
#include "lua/json.h"

void ctd_record_push_labels(lua_State *L, const struct ctd_labels *labels) {
  lua_createtable(L, 0, (int)labels->count);
  for (size_t i = 0; i < labels->count; i++) {
    lua_pushstring(L, labels->items[i].value);
    lua_setfield(L, -2, labels->items[i].key);
  }
}

void ctd_record_set_string(lua_State *L, const char *name, const char *value) {
  if (!value || !*value)
    return;
  lua_pushstring(L, value);
  lua_setfield(L, -2, name);
}

void ctd_record_set_time(lua_State *L, const char *name, double epoch) {
  if (epoch == 0)
    return;
  lua_pushnumber(L, epoch);
  lua_setfield(L, -2, name);
}

static void set_json(lua_State *L, const char *name, const json_t *value) {
  if (!value)
    return;
  ctd_json_push(L, value);
  lua_setfield(L, -2, name);
}

void ctd_record_push_descriptor(lua_State *L, const struct ctd_descriptor *descriptor) {
  char platform[CTD_PLATFORM_TEXT_SIZE] = "";
  if (descriptor->has_platform)
    ctd_platform_format(&descriptor->platform, platform);
  lua_createtable(L, 0, 6);
  ctd_record_set_string(L, "media_type", descriptor->media_type);
  ctd_record_set_string(L, "digest", descriptor->digest);
  lua_pushinteger(L, (lua_Integer)descriptor->size);
  lua_setfield(L, -2, "size");
  ctd_record_set_string(L, "platform", platform);
  set_json(L, "annotations", descriptor->annotations);
  set_json(L, "urls", descriptor->urls);
}
