#include "client/image.h"
#include "lua/image_methods.h"
#include "lua/op.h"
#include "lua/record.h"
#include "lua/types.h"

struct tag {
  struct ctd_image *image;
  const char *name;
  bool force;
  struct ctd_image *tagged;
};

static const struct ctd_option tag_arguments[] = {
    {"name", ctd_read_string, offsetof(struct tag, name), false},
    {NULL, NULL, 0, false},
};

static const struct ctd_option tag_options[] = {
    {"force", ctd_read_boolean, offsetof(struct tag, force), false},
    {NULL, NULL, 0, false},
};

static int tag_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct tag *request = data;
  return ctd_image_tag(request->image, request->name, request->force, scope, &request->tagged, err);
}

static int tag_push(lua_State *L, struct ctd_op *op, void *data) {
  ctd_object_push(L, &ctd_image_type, &((struct tag *)data)->tagged, op->safe);
  return 1;
}

static void tag_release(void *data) {
  ctd_image_unref(((struct tag *)data)->tagged);
}

const struct ctd_method ctd_image_tag_method = {
    .name = "tag",
    .size = sizeof(struct tag),
    .arguments = tag_arguments,
    .options = tag_options,
    .run = tag_run,
    .push = tag_push,
    .release = tag_release,
};

struct set_labels {
  struct ctd_image *image;
  struct ctd_labels labels;
  struct ctd_image *updated;
};

static void labels_release(void *labels) {
  ctd_labels_free(labels);
}

/* false removes a label, which the daemon is told by an empty value. */
static void read_changes(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  struct ctd_error err = {0};
  if (lua_type(L, index) != LUA_TTABLE)
    ctd_read_failed(L, index, op, name, "table of labels");
  ctd_arena_own(L, &op->arena, labels_release, target);
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    bool removed = lua_type(L, -1) == LUA_TBOOLEAN && !lua_toboolean(L, -1);
    if (lua_type(L, -2) != LUA_TSTRING || !(removed || lua_type(L, -1) == LUA_TSTRING))
      ctd_misuse(L, op, "\"%s\": names of labels are strings, values are strings or false", name);
    if (ctd_labels_set(target, lua_tostring(L, -2), removed ? "" : lua_tostring(L, -1), &err))
      luaL_error(L, "%s", err.message);
  }
}

static const struct ctd_option set_labels_arguments[] = {
    {"labels", read_changes, offsetof(struct set_labels, labels), false},
    {NULL, NULL, 0, false},
};

static int set_labels_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct set_labels *request = data;
  return ctd_image_set_labels(request->image, &request->labels, scope, &request->updated, err);
}

static int set_labels_push(lua_State *L, struct ctd_op *op, void *data) {
  (void)op;
  ctd_record_push_labels(L, ctd_image_labels(((const struct set_labels *)data)->updated));
  return 1;
}

static void set_labels_release(void *data) {
  ctd_image_unref(((struct set_labels *)data)->updated);
}

const struct ctd_method ctd_image_set_labels_method = {
    .name = "set_labels",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct set_labels),
    .arguments = set_labels_arguments,
    .run = set_labels_run,
    .push = set_labels_push,
    .release = set_labels_release,
};
