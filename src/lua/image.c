#include "client/image.h"
#include "lua/image_methods.h"
#include "lua/op.h"
#include "lua/record.h"
#include "lua/types.h"
#include <stdlib.h>
#include <string.h>

static void *image_ref(void *image) {
  return ctd_image_ref(image);
}

static void image_unref(void *image) {
  ctd_image_unref(image);
}

static void image_describe(lua_State *L, void *image) {
  lua_pushstring(L, ctd_image_name(image));
}

/* A name in a namespace of one daemon. */
static bool image_equal(void *a, void *b) {
  const struct ctd_client *one = ctd_image_client(a), *other = ctd_image_client(b);
  return !strcmp(ctd_image_name(a), ctd_image_name(b)) &&
         !strcmp(ctd_client_namespace(one), ctd_client_namespace(other)) &&
         !strcmp(ctd_client_address(one), ctd_client_address(other));
}

static struct ctd_image *image_check(lua_State *L) {
  return ctd_object_check(L, 1, &ctd_image_type)->pointer;
}

static int image_name(lua_State *L) {
  lua_pushstring(L, ctd_image_name(image_check(L)));
  return 1;
}

static int image_digest(lua_State *L) {
  lua_pushstring(L, ctd_image_target(image_check(L))->digest);
  return 1;
}

static int image_target(lua_State *L) {
  ctd_record_push_descriptor(L, ctd_image_target(image_check(L)));
  return 1;
}

static int image_labels(lua_State *L) {
  ctd_record_push_labels(L, ctd_image_labels(image_check(L)));
  return 1;
}

static int image_created(lua_State *L) {
  lua_pushnumber(L, ctd_image_created(image_check(L)));
  return 1;
}

static int image_updated(lua_State *L) {
  lua_pushnumber(L, ctd_image_updated(image_check(L)));
  return 1;
}

struct size {
  struct ctd_image *image;
  int64_t size;
};

static int size_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct size *request = data;
  return ctd_image_size(request->image, scope, &request->size, err);
}

static int size_push(lua_State *L, struct ctd_op *op, void *data) {
  (void)op;
  lua_pushinteger(L, (lua_Integer)((const struct size *)data)->size);
  return 1;
}

static const struct ctd_method size_method = {
    .name = "size",
    .size = sizeof(struct size),
    .run = size_run,
    .push = size_push,
};

struct platforms {
  struct ctd_image *image;
  char **items;
  size_t count;
};

static int platforms_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct platforms *request = data;
  return ctd_image_platforms(request->image, scope, &request->items, &request->count, err);
}

static int platforms_push(lua_State *L, struct ctd_op *op, void *data) {
  const struct platforms *request = data;
  (void)op;
  lua_createtable(L, (int)request->count, 0);
  for (size_t i = 0; i < request->count; i++) {
    lua_pushstring(L, request->items[i]);
    lua_rawseti(L, -2, (int)i + 1);
  }
  return 1;
}

static void platforms_release(void *data) {
  struct platforms *request = data;
  for (size_t i = 0; i < request->count; i++)
    free(request->items[i]);
  free(request->items);
}

static const struct ctd_method platforms_method = {
    .name = "platforms",
    .size = sizeof(struct platforms),
    .run = platforms_run,
    .push = platforms_push,
    .release = platforms_release,
};

struct delete {
  struct ctd_image *image;
  bool sync;
};

static const struct ctd_option delete_options[] = {
    {"sync", ctd_read_boolean, offsetof(struct delete, sync), false},
    {NULL, NULL, 0, false},
};

static int delete_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct delete *request = data;
  struct ctd_image *image = request->image;
  return ctd_image_delete(ctd_image_client(image), ctd_image_name(image), request->sync, scope, err);
}

static const struct ctd_method delete_method = {
    .name = "delete",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct delete),
    .options = delete_options,
    .run = delete_run,
};

static void read_release(void *slot) {
  ctd_image_unref(*(struct ctd_image **)slot);
}

void ctd_read_image(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  if (!ctd_object_test(L, index, &ctd_image_type))
    ctd_read_failed(L, index, op, name, "image");
  struct ctd_object *object = ctd_object_check(L, index, &ctd_image_type);
  ctd_arena_own(L, &op->arena, read_release, target);
  *(struct ctd_image **)target = ctd_image_ref(object->pointer);
}

static const struct ctd_method *const image_methods[] = {
    &size_method,
    &platforms_method,
    &delete_method,
    &ctd_new_container_method,
    &ctd_image_config_method,
    &ctd_image_manifest_method,
    &ctd_image_diff_ids_method,
    &ctd_image_rootfs_chain_id_method,
    &ctd_image_is_unpacked_method,
    &ctd_image_unpack_method,
    &ctd_image_content_tree_method,
    &ctd_image_check_method,
    &ctd_image_usage_method,
    &ctd_image_tag_method,
    &ctd_image_set_labels_method,
    &ctd_image_push_method,
    NULL,
};

static const luaL_Reg image_functions[] = {
    {"name", image_name},
    {"digest", image_digest},
    {"target", image_target},
    {"labels", image_labels},
    {"created", image_created},
    {"updated", image_updated},
    {NULL, NULL},
};

const struct ctd_type ctd_image_type = {
    .name = "containerd.image",
    .ref = image_ref,
    .unref = image_unref,
    .describe = image_describe,
    .equal = image_equal,
    .functions = image_functions,
    .methods = image_methods,
};
