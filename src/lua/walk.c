#include "client/content_walk.h"
#include "lua/content.h"
#include "lua/filters.h"
#include "lua/types.h"

static void *walk_ref(void *walk) {
  return ctd_content_walk_ref(walk);
}

static void walk_unref(void *walk) {
  ctd_content_walk_unref(walk);
}

static void walk_describe(lua_State *L, void *walk) {
  lua_pushfstring(L, "namespace %s", ctd_client_namespace(ctd_content_walk_client(walk)));
}

struct open {
  struct ctd_client *client;
  struct ctd_filters filters;
  struct ctd_content_walk *walk;
};

static void open_parse(lua_State *L, struct ctd_op *op, void *data) {
  ctd_filters_read(L, op, &((struct open *)data)->filters);
}

static int open_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct open *request = data;
  const struct ctd_filters *filters = &request->filters;
  if (!request->walk && ctd_content_walk_new(&request->walk, request->client, filters->items, filters->count, err))
    return -1;
  return ctd_content_walk_start(request->walk, scope, err);
}

/* The iterator, and again as what a generic for closes. */
static int open_push(lua_State *L, struct ctd_op *op, void *data) {
  ctd_object_push(L, &ctd_walk_type, &((struct open *)data)->walk, op->safe);
  lua_pushnil(L);
  lua_pushnil(L);
  lua_pushvalue(L, -3);
  return 4;
}

static void open_release(void *data) {
  ctd_content_walk_unref(((struct open *)data)->walk);
}

const struct ctd_method ctd_content_walk_method = {
    .name = "walk",
    .flags = CTD_METHOD_SLICED | CTD_METHOD_VARIADIC,
    .size = sizeof(struct open),
    .parse = open_parse,
    .run = open_run,
    .push = open_push,
    .release = open_release,
};

struct next {
  struct ctd_content_walk *walk;
  struct ctd_content_info info;
};

static bool next_take(lua_State *L, void *walk) {
  const struct ctd_content_info *info = ctd_content_walk_take(walk);
  if (info)
    ctd_content_push_info(L, info);
  return info;
}

static int next_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct next *request = data;
  return ctd_content_walk_next(request->walk, &request->info, scope, err);
}

static bool next_watch(void *data, void (*notify)(void *), void *context) {
  return ctd_content_walk_watch(((const struct next *)data)->walk, notify, context);
}

static int next_push(lua_State *L, struct ctd_op *op, void *data) {
  const struct ctd_content_info *info = &((const struct next *)data)->info;
  (void)op;
  if (info->digest)
    ctd_content_push_info(L, info);
  else
    lua_pushnil(L);
  return 1;
}

static void next_release(void *data) {
  ctd_content_info_free(&((struct next *)data)->info);
}

static const struct ctd_method next_method = {
    .name = "next",
    .flags = CTD_METHOD_SLICED,
    .size = sizeof(struct next),
    .take = next_take,
    .run = next_run,
    .watch = next_watch,
    .push = next_push,
    .release = next_release,
};

static void walk_extend(lua_State *L) {
  ctd_method_extend_iterator(L, "next");
}

static const struct ctd_method *const walk_methods[] = {&next_method, NULL};

const struct ctd_type ctd_walk_type = {
    .name = "containerd.walk",
    .ref = walk_ref,
    .unref = walk_unref,
    .describe = walk_describe,
    .extend = walk_extend,
    .methods = walk_methods,
};
