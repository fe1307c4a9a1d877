#include "client/unpack.h"
#include "lua/image_methods.h"
#include "lua/json.h"
#include "lua/op.h"

/* The answer is one of these. */
struct content {
  struct ctd_image *image;
  const char *platform;
  struct ctd_image_content content;
  json_t *document;
};

static const struct ctd_option content_options[] = {
    {"platform", ctd_read_string, offsetof(struct content, platform), false},
    {NULL, NULL, 0, false},
};

static int content_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct content *request = data;
  return ctd_image_read_for(request->image, request->platform, scope, &request->content, err);
}

static void content_release(void *data) {
  struct content *request = data;
  ctd_image_content_free(&request->content);
  json_decref(request->document);
}

static int config_push(lua_State *L, struct ctd_op *op, void *data) {
  (void)op;
  ctd_json_push(L, ((const struct content *)data)->content.config.document);
  return 1;
}

const struct ctd_method ctd_image_config_method = {
    .name = "config",
    .size = sizeof(struct content),
    .options = content_options,
    .run = content_run,
    .push = config_push,
    .release = content_release,
};

static int manifest_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct content *request = data;
  return ctd_image_read_manifest(request->image, request->platform, scope, &request->document, err);
}

static int manifest_push(lua_State *L, struct ctd_op *op, void *data) {
  (void)op;
  ctd_json_push(L, ((const struct content *)data)->document);
  return 1;
}

const struct ctd_method ctd_image_manifest_method = {
    .name = "manifest",
    .size = sizeof(struct content),
    .options = content_options,
    .run = manifest_run,
    .push = manifest_push,
    .release = content_release,
};

static int diff_ids_push(lua_State *L, struct ctd_op *op, void *data) {
  const json_t *ids = ((const struct content *)data)->content.config.diff_ids;
  (void)op;
  lua_createtable(L, (int)json_array_size(ids), 0);
  for (size_t i = 0; i < json_array_size(ids); i++) {
    lua_pushstring(L, json_string_value(json_array_get(ids, i)));
    lua_rawseti(L, -2, (int)i + 1);
  }
  return 1;
}

const struct ctd_method ctd_image_diff_ids_method = {
    .name = "diff_ids",
    .size = sizeof(struct content),
    .options = content_options,
    .run = content_run,
    .push = diff_ids_push,
    .release = content_release,
};

static int chain_id_push(lua_State *L, struct ctd_op *op, void *data) {
  (void)op;
  lua_pushstring(L, ((const struct content *)data)->content.chain_id);
  return 1;
}

const struct ctd_method ctd_image_rootfs_chain_id_method = {
    .name = "rootfs_chain_id",
    .size = sizeof(struct content),
    .options = content_options,
    .run = content_run,
    .push = chain_id_push,
    .release = content_release,
};

struct unpack {
  struct ctd_image *image;
  struct ctd_unpack_options options;
  bool unpacked;
};

static const struct ctd_option unpack_arguments[] = {
    {"snapshotter", ctd_read_string, offsetof(struct unpack, options.snapshotter), true},
    {NULL, NULL, 0, false},
};

static const struct ctd_option is_unpacked_options[] = {
    {"platform", ctd_read_string, offsetof(struct unpack, options.platform), false},
    {NULL, NULL, 0, false},
};

static int is_unpacked_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct unpack *request = data;
  return ctd_image_is_unpacked(request->image, request->options.platform, request->options.snapshotter, scope,
                               &request->unpacked, err);
}

static int is_unpacked_push(lua_State *L, struct ctd_op *op, void *data) {
  (void)op;
  lua_pushboolean(L, ((const struct unpack *)data)->unpacked);
  return 1;
}

const struct ctd_method ctd_image_is_unpacked_method = {
    .name = "is_unpacked",
    .size = sizeof(struct unpack),
    .arguments = unpack_arguments,
    .options = is_unpacked_options,
    .run = is_unpacked_run,
    .push = is_unpacked_push,
};

static const struct ctd_option unpack_options[] = {
    {"platform", ctd_read_string, offsetof(struct unpack, options.platform), false},
    {"platform_check", ctd_read_boolean, offsetof(struct unpack, options.platform_check), false},
    {NULL, NULL, 0, false},
};

static int unpack_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct unpack *request = data;
  return ctd_image_unpack(request->image, &request->options, scope, err);
}

const struct ctd_method ctd_image_unpack_method = {
    .name = "unpack",
    .size = sizeof(struct unpack),
    .arguments = unpack_arguments,
    .options = unpack_options,
    .run = unpack_run,
};
