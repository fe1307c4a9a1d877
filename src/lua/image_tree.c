#include "client/image_tree.h"
#include "lua/image_methods.h"
#include "lua/op.h"
#include "lua/record.h"
#include <limits.h>

struct tree {
  struct ctd_image *image;
  struct ctd_image_node root;
};

static int tree_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct tree *request = data;
  return ctd_image_tree_read(ctd_image_client(request->image), ctd_image_target(request->image), scope, &request->root,
                             err)
             ? ctd_client_failed(ctd_image_client(request->image), err, "content_tree", "image %s",
                                 ctd_image_name(request->image))
             : 0;
}

/* A tree is at most ten levels deep. */
static void node_push(lua_State *L, const struct ctd_image_node *node) {
  luaL_checkstack(L, LUA_MINSTACK, "content tree");
  ctd_record_push_descriptor(L, &node->descriptor);
  lua_pushboolean(L, node->present);
  lua_setfield(L, -2, "present");
  if (!node->children)
    return;
  lua_createtable(L, (int)node->child_count, 0);
  for (size_t i = 0; i < node->child_count; i++) {
    node_push(L, &node->children[i]);
    lua_rawseti(L, -2, (int)i + 1);
  }
  lua_setfield(L, -2, "children");
}

static int tree_push(lua_State *L, struct ctd_op *op, void *data) {
  (void)op;
  node_push(L, &((const struct tree *)data)->root);
  return 1;
}

static void tree_release(void *data) {
  ctd_image_node_free(&((struct tree *)data)->root);
}

const struct ctd_method ctd_image_content_tree_method = {
    .name = "content_tree",
    .size = sizeof(struct tree),
    .run = tree_run,
    .push = tree_push,
    .release = tree_release,
};

struct check {
  struct ctd_image *image;
  const char *snapshotter;
  struct ctd_image_check check;
};

static const struct ctd_option check_options[] = {
    {"snapshotter", ctd_read_string, offsetof(struct check, snapshotter), false},
    {NULL, NULL, 0, false},
};

static int check_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct check *request = data;
  return ctd_image_check(request->image, request->snapshotter, scope, &request->check, err);
}

/* Adds the descriptors of what isn't there to the array on top. */
static void missing_add(lua_State *L, const struct ctd_image_node *node) {
  if (!node->present) {
    ctd_record_push_descriptor(L, &node->descriptor);
    lua_rawseti(L, -2, (int)ctd_rawlen(L, -2) + 1);
  }
  for (size_t i = 0; i < node->child_count; i++)
    missing_add(L, &node->children[i]);
}

/* table.complete = whether its array on top is empty; then the array becomes its field. */
static void set_array(lua_State *L, const char *name, const char *empty) {
  lua_pushboolean(L, !ctd_rawlen(L, -1));
  lua_setfield(L, -3, empty);
  lua_setfield(L, -2, name);
}

static void lack_push(lua_State *L, const struct ctd_image_lack *lack) {
  lua_createtable(L, 0, 6);
  ctd_record_set_string(L, "platform", lack->platform);
  ctd_record_set_string(L, "digest", lack->manifest->descriptor.digest);
  lua_newtable(L);
  missing_add(L, lack->manifest);
  set_array(L, "missing_blobs", "complete");
  if (!lack->missing_snapshots)
    return;
  lua_newtable(L);
  for (int i = 0; lack->missing_snapshots[i]; i++) {
    lua_pushstring(L, lack->missing_snapshots[i]);
    lua_rawseti(L, -2, i + 1);
  }
  set_array(L, "missing_snapshots", "unpacked");
}

static int check_push(lua_State *L, struct ctd_op *op, void *data) {
  const struct ctd_image_check *check = &((const struct check *)data)->check;
  (void)op;
  lua_createtable(L, (int)check->count, 0);
  for (size_t i = 0; i < check->count; i++) {
    lack_push(L, &check->items[i]);
    lua_rawseti(L, -2, (int)i + 1);
  }
  return 1;
}

static void check_release(void *data) {
  ctd_image_check_free(&((struct check *)data)->check);
}

const struct ctd_method ctd_image_check_method = {
    .name = "check",
    .size = sizeof(struct check),
    .options = check_options,
    .run = check_run,
    .push = check_push,
    .release = check_release,
};

struct usage {
  struct ctd_image *image;
  struct ctd_image_usage_options options;
  struct ctd_image_usage usage;
};

static void read_limit(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  int64_t limit;
  ctd_read_integer(L, index, op, name, &limit);
  if (limit < 0 || limit > INT_MAX)
    ctd_misuse(L, op, "\"%s\": 0 (all) or more expected", name);
  *(int *)target = (int)limit;
}

static const struct ctd_option usage_options[] = {
    {"manifest_limit", read_limit, offsetof(struct usage, options.manifest_limit), false},
    {"manifests", ctd_read_boolean, offsetof(struct usage, options.manifests), false},
    {"snapshots", ctd_read_boolean, offsetof(struct usage, options.snapshots), false},
    {NULL, NULL, 0, false},
};

static void usage_parse(lua_State *L, struct ctd_op *op, void *data) {
  (void)L, (void)op;
  ((struct usage *)data)->options.manifest_limit = -1;
}

static int usage_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct usage *request = data;
  return ctd_image_usage(request->image, &request->options, scope, &request->usage, err);
}

static void set_size(lua_State *L, const char *name, int64_t size) {
  lua_pushinteger(L, (lua_Integer)size);
  lua_setfield(L, -2, name);
}

static int usage_push(lua_State *L, struct ctd_op *op, void *data) {
  const struct ctd_image_usage *usage = &((const struct usage *)data)->usage;
  (void)op;
  lua_createtable(L, 0, 3);
  set_size(L, "size", usage->content + usage->snapshots);
  set_size(L, "content", usage->content);
  set_size(L, "snapshots", usage->snapshots);
  return 1;
}

const struct ctd_method ctd_image_usage_method = {
    .name = "usage",
    .size = sizeof(struct usage),
    .options = usage_options,
    .parse = usage_parse,
    .run = usage_run,
    .push = usage_push,
};
