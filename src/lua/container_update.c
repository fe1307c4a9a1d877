#include "client/container.h"
#include "lua/container_options.h"
#include "lua/op.h"
#include "lua/record.h"
#include "lua/types.h"

struct update {
  struct ctd_container *container;
  struct ctd_container_changes changes;
  struct ctd_labels labels;
  struct ctd_extensions extensions;
};

/* `target` is the request: an empty table asks for no labels, none at all for those that there are. */
static void read_labels(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  struct update *request = target;
  ctd_read_labels(L, index, op, name, &request->labels);
  request->changes.labels = &request->labels;
}

static void read_extensions(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  struct update *request = target;
  ctd_read_extensions(L, index, op, name, &request->extensions);
  request->changes.extensions = &request->extensions;
}

static const struct ctd_option update_options[] = {
    {"spec", ctd_read_spec, offsetof(struct update, changes.spec), false},
    {"labels", read_labels, 0, false},
    {"extensions", read_extensions, 0, false},
    {"image", ctd_read_string, offsetof(struct update, changes.image), false},
    {"snapshot", ctd_read_string, offsetof(struct update, changes.snapshot), false},
    {NULL, NULL, 0, false},
};

static int update_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct update *request = data;
  return ctd_container_update(request->container, &request->changes, scope, err);
}

const struct ctd_method ctd_container_update_method = {
    .name = "update",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct update),
    .options = update_options,
    .run = update_run,
};

static void labels_release(void *labels) {
  ctd_labels_free(labels);
}

/* Labels to set, and false for those to remove, which the daemon writes as "". */
static void read_changed_labels(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  struct update *request = target;
  struct ctd_error err = {0};
  if (lua_type(L, index) != LUA_TTABLE)
    ctd_read_failed(L, index, op, name, "table of labels");
  ctd_arena_own(L, &op->arena, labels_release, &request->labels);
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    bool removed = lua_type(L, -1) == LUA_TBOOLEAN && !lua_toboolean(L, -1);
    if (lua_type(L, -2) != LUA_TSTRING || (!removed && lua_type(L, -1) != LUA_TSTRING))
      ctd_misuse(L, op, "\"%s\": names of labels are strings, their values strings or false", name);
    if (ctd_labels_set(&request->labels, lua_tostring(L, -2), removed ? "" : lua_tostring(L, -1), &err))
      luaL_error(L, "%s", err.message);
  }
  request->changes.labels_merged = &request->labels;
}

static const struct ctd_option set_labels_arguments[] = {
    {"labels", read_changed_labels, 0, false},
    {NULL, NULL, 0, false},
};

static int set_labels_push(lua_State *L, struct ctd_op *op, void *data) {
  (void)op;
  ctd_record_push_labels(L, &ctd_container_record(((struct update *)data)->container)->labels);
  return 1;
}

const struct ctd_method ctd_container_set_labels_method = {
    .name = "set_labels",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct update),
    .arguments = set_labels_arguments,
    .run = update_run,
    .push = set_labels_push,
};
