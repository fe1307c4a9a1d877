#include "base/buffer.h"
#include "client/archive_import.h"
#include "lua/image_methods.h"
#include "lua/op.h"
#include "lua/source.h"
#include "lua/types.h"
#include <stdlib.h>

struct import {
  struct ctd_client *client;
  struct ctd_lua_source source;
  struct ctd_import_options options;
  struct ctd_images images;
};

static int ask_name(void *context, char **name, struct ctd_error *err) {
  json_t *answer = NULL;
  if (ctd_upcall_ask(context, "names", json_string(*name), &answer, err))
    return -1;
  free(*name);
  *name = NULL;
  int result = 0;
  if (json_string_length(answer))
    result = ctd_copy_string(name, json_string_value(answer), err);
  else if (!json_is_false(answer))
    result = ctd_error_set(err, CTD_INVALID_ARGUMENT, "names gave neither a name nor false");
  json_decref(answer);
  return result;
}

static void read_names(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  struct ctd_import_options *options = target;
  ctd_read_function(L, index, op, name, NULL);
  options->rename = ask_name;
  options->rename_context = op;
}

static const struct ctd_option import_arguments[] = {
    {"archive", ctd_read_source, offsetof(struct import, source), false},
    {NULL, NULL, 0, false},
};

static const struct ctd_option import_options[] = {
    {"prefix", ctd_read_string, offsetof(struct import, options.prefix), false},
    {"only_prefix", ctd_read_boolean, offsetof(struct import, options.only_prefix), false},
    {"names", read_names, offsetof(struct import, options), false},
    {"digests", ctd_read_boolean, offsetof(struct import, options.digests), false},
    {"index_name", ctd_read_string, offsetof(struct import, options.index_name), false},
    {"platform", ctd_read_string, offsetof(struct import, options.platform), false},
    {"all_platforms", ctd_read_boolean, offsetof(struct import, options.all_platforms), false},
    {"skip_missing", ctd_read_boolean, offsetof(struct import, options.skip_missing), false},
    {"unpack", ctd_read_boolean, offsetof(struct import, options.unpack), false},
    {"snapshotter", ctd_read_string, offsetof(struct import, options.snapshotter), false},
    {"discard_unpacked_layers", ctd_read_boolean, offsetof(struct import, options.discard_unpacked_layers), false},
    {"labels", ctd_read_labels, offsetof(struct import, options.labels), false},
    {NULL, NULL, 0, false},
};

static void import_parse(lua_State *L, struct ctd_op *op, void *data) {
  (void)L, (void)op;
  ((struct import *)data)->options.unpack = true;
}

static int import_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct import *request = data;
  struct ctd_source source = ctd_source_of(&request->source);
  return ctd_import(request->client, &source, &request->options, scope, &request->images, err);
}

static int import_push(lua_State *L, struct ctd_op *op, void *data) {
  ctd_image_push_list(L, &((struct import *)data)->images, op->safe);
  return 1;
}

static void import_release(void *data) {
  ctd_images_free(&((struct import *)data)->images);
}

const struct ctd_method ctd_import_method = {
    .name = "import",
    .size = sizeof(struct import),
    .arguments = import_arguments,
    .options = import_options,
    .parse = import_parse,
    .run = import_run,
    .push = import_push,
    .release = import_release,
};
