/* The content store's records. */
#ifndef CTD_LUA_CONTENT_H
#define CTD_LUA_CONTENT_H

#include "client/content.h"
#include "client/ingest.h"
#include "lua/compat.h"

/* Pushes {digest, size, created_at, updated_at, labels}, or {ref, expected, offset, total, started_at, updated_at}. */
void ctd_content_push_info(lua_State *L, const struct ctd_content_info *info);
void ctd_content_push_ingest(lua_State *L, const struct ctd_ingest *ingest);

#endif
