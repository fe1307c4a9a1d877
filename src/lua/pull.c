#include "client/pull.h"
#include "lua/op.h"
#include "lua/registry_options.h"
#include "lua/types.h"
#include <string.h>

struct pull {
  struct ctd_client *client;
  const char *reference;
  struct ctd_pull_options options;
  struct ctd_image *image;
};

/* A boolean, or "auto". */
static void read_transfer(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  enum ctd_pull_transfer *transfer = target;
  if (lua_type(L, index) == LUA_TBOOLEAN)
    *transfer = lua_toboolean(L, index) ? CTD_TRANSFER_ALWAYS : CTD_TRANSFER_NEVER;
  else if (lua_type(L, index) == LUA_TSTRING && !strcmp(lua_tostring(L, index), "auto"))
    *transfer = CTD_TRANSFER_AUTO;
  else
    ctd_read_failed(L, index, op, name, "boolean or \"auto\"");
}

static const struct ctd_option pull_arguments[] = {
    {"reference", ctd_read_string, offsetof(struct pull, reference), false},
    {NULL, NULL, 0, false},
};

static const struct ctd_option pull_options[] = {
    {"unpack", ctd_read_boolean, offsetof(struct pull, options.unpack), false},
    {"platform", ctd_read_platforms, offsetof(struct pull, options.platforms), false},
    {"all_platforms", ctd_read_boolean, offsetof(struct pull, options.all_platforms), false},
    {"platform_check", ctd_read_boolean, offsetof(struct pull, options.platform_check), false},
    {"snapshotter", ctd_read_string, offsetof(struct pull, options.snapshotter), false},
    {"labels", ctd_read_labels, offsetof(struct pull, options.labels), false},
    {"max_concurrent", ctd_read_count, offsetof(struct pull, options.max_concurrent), false},
    {"transfer", read_transfer, offsetof(struct pull, options.transfer), false},
    CTD_REGISTRY_OPTIONS(offsetof(struct pull, options.registry), offsetof(struct pull, options.listener)),
    {NULL, NULL, 0, false},
};

static void pull_parse(lua_State *L, struct ctd_op *op, void *data) {
  struct pull *request = data;
  (void)L;
  (void)op;
  request->options.unpack = true;
  request->options.registry.auth.docker_config = true;
}

static int pull_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct pull *request = data;
  return ctd_pull(request->client, request->reference, &request->options, scope, &request->image, err);
}

static int pull_push(lua_State *L, struct ctd_op *op, void *data) {
  ctd_object_push(L, &ctd_image_type, &((struct pull *)data)->image, op->safe);
  return 1;
}

static void pull_release(void *data) {
  ctd_image_unref(((struct pull *)data)->image);
}

const struct ctd_method ctd_pull_method = {
    .name = "pull",
    .size = sizeof(struct pull),
    .arguments = pull_arguments,
    .options = pull_options,
    .parse = pull_parse,
    .run = pull_run,
    .push = pull_push,
    .release = pull_release,
};
