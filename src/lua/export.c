#include "client/archive_export.h"
#include "lua/op.h"
#include "lua/sink.h"
#include "lua/types.h"
#include <stdlib.h>

/* An image, or the name of one that is looked for first. */
struct chosen {
  struct ctd_image *image;
  const char *name;
};

struct export {
  struct ctd_client *client;
  struct ctd_lua_sink sink;
  struct ctd_export_options options;
  struct chosen *images;
  size_t count;
};

static void image_release(void *slot) {
  ctd_image_unref(((struct chosen *)slot)->image);
}

static bool is_image(lua_State *L, int index) {
  return lua_type(L, index) == LUA_TSTRING || ctd_object_test(L, index, &ctd_image_type);
}

static void read_image(lua_State *L, int index, struct ctd_op *op, const char *name, struct chosen *image) {
  ctd_arena_own(L, &op->arena, image_release, image);
  if (lua_type(L, index) == LUA_TSTRING)
    ctd_read_string(L, index, op, name, &image->name);
  else if (ctd_object_test(L, index, &ctd_image_type))
    image->image = ctd_image_ref(ctd_object_check(L, index, &ctd_image_type)->pointer);
  else
    ctd_read_failed(L, index, op, name, "image or name");
}

/* One, or an array of at least one. */
static void read_images(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  struct export *request = target;
  bool single = is_image(L, index);
  if (!single && lua_type(L, index) != LUA_TTABLE)
    ctd_read_failed(L, index, op, name, "image, name, or array of these");
  request->count = single ? 1 : ctd_rawlen(L, index);
  if (!request->count)
    ctd_misuse(L, op, "\"%s\": no image is named", name);
  request->images = ctd_arena_allocate(L, &op->arena, request->count * sizeof *request->images);
  for (size_t i = 0; i < request->count; i++) {
    if (single)
      lua_pushvalue(L, index);
    else
      lua_rawgeti(L, index, (int)i + 1);
    read_image(L, lua_gettop(L), op, name, &request->images[i]);
    lua_pop(L, 1);
  }
}

static const struct ctd_option export_arguments[] = {
    {"archive", ctd_read_sink, offsetof(struct export, sink), false},
    {"images", read_images, 0, false},
    {NULL, NULL, 0, false},
};

static const struct ctd_option export_options[] = {
    {"platform", ctd_read_string, offsetof(struct export, options.platform), false},
    {"all_platforms", ctd_read_boolean, offsetof(struct export, options.all_platforms), false},
    {"skip_docker_manifest", ctd_read_boolean, offsetof(struct export, options.skip_docker_manifest), false},
    {"skip_missing", ctd_read_boolean, offsetof(struct export, options.skip_missing), false},
    {"skip_non_distributable", ctd_read_boolean, offsetof(struct export, options.skip_non_distributable), false},
    {NULL, NULL, 0, false},
};

static int images_find(const struct export *request, struct ctd_images *out, struct ctd_scope *scope,
                       struct ctd_error *err) {
  *out = (struct ctd_images){.items = calloc(request->count, sizeof(struct ctd_image *))};
  if (!out->items)
    return ctd_error_nomem(err);
  for (; out->count < request->count; out->count++) {
    const struct chosen *chosen = &request->images[out->count];
    if (chosen->image)
      out->items[out->count] = ctd_image_ref(chosen->image);
    else if (ctd_image_get(request->client, chosen->name, scope, &out->items[out->count], err))
      return -1;
  }
  return 0;
}

static int export_failed(const struct export *request, struct ctd_error *err) {
  return ctd_client_failed(request->client, err, "export", "archive");
}

static int images_write(struct export *request, const struct ctd_images *images, struct ctd_scope *scope,
                        struct ctd_error *err) {
  struct ctd_sink sink;
  if (ctd_lua_sink_open(&request->sink, &sink, err))
    return export_failed(request, err);
  if (ctd_export(request->client, images, &request->options, &sink, scope, err))
    return -1;
  return ctd_lua_sink_finish(&request->sink, err) ? export_failed(request, err) : 0;
}

static int export_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct export *request = data;
  struct ctd_images images;
  int result = images_find(request, &images, scope, err) ? export_failed(request, err)
                                                         : images_write(request, &images, scope, err);
  if (result)
    ctd_lua_sink_drop(&request->sink);
  ctd_images_free(&images);
  return result;
}

const struct ctd_method ctd_export_method = {
    .name = "export",
    .size = sizeof(struct export),
    .arguments = export_arguments,
    .options = export_options,
    .run = export_run,
};
