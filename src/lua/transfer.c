#include "client/transfer.h"
#include "lua/image_methods.h"
#include "lua/op.h"
#include "lua/registry_options.h"
#include "lua/transfer_end.h"
#include "lua/types.h"

struct transfer {
  struct ctd_client *client;
  struct ctd_lua_transfer_end source, destination;
  struct ctd_progress_listener listener;
  struct ctd_images images;
};

static const struct ctd_option transfer_arguments[] = {
    {"source", ctd_read_transfer_source, offsetof(struct transfer, source), false},
    {"destination", ctd_read_transfer_destination, offsetof(struct transfer, destination), false},
    {NULL, NULL, 0, false},
};

static const struct ctd_option transfer_options[] = {
    {"progress", ctd_read_progress, offsetof(struct transfer, listener), false},
    {NULL, NULL, 0, false},
};

static int transfer(struct transfer *request, struct ctd_scope *scope, struct ctd_error *err) {
  return ctd_transfer(request->client, &request->source.end, &request->destination.end, &request->listener, scope,
                      &request->images, err);
}

/* To a writer, which is told the end. */
static int transfer_out(struct transfer *request, struct ctd_scope *scope, struct ctd_error *err) {
  struct ctd_lua_transfer_end *destination = &request->destination;
  destination->end.archive.sink = &destination->sink;
  int result = ctd_lua_sink_open(&destination->writer, &destination->sink, err);
  if (!result)
    result = transfer(request, scope, err);
  if (!result)
    result = ctd_lua_sink_finish(&destination->writer, err);
  if (result)
    ctd_lua_sink_drop(&destination->writer);
  return result;
}

static int transfer_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct transfer *request = data;
  struct ctd_lua_transfer_end *source = &request->source;
  if (source->end.kind == CTD_TRANSFER_ARCHIVE) {
    source->source = ctd_source_of(&source->reader);
    source->end.archive.source = &source->source;
  }
  return request->destination.end.kind == CTD_TRANSFER_ARCHIVE ? transfer_out(request, scope, err)
                                                               : transfer(request, scope, err);
}

static int transfer_push(lua_State *L, struct ctd_op *op, void *data) {
  struct transfer *request = data;
  if (request->destination.end.kind == CTD_TRANSFER_IMAGE)
    ctd_image_push_list(L, &request->images, op->safe);
  else
    lua_pushboolean(L, true);
  return 1;
}

static void transfer_release(void *data) {
  ctd_images_free(&((struct transfer *)data)->images);
}

const struct ctd_method ctd_transfer_method = {
    .name = "transfer",
    .size = sizeof(struct transfer),
    .arguments = transfer_arguments,
    .options = transfer_options,
    .run = transfer_run,
    .push = transfer_push,
    .release = transfer_release,
};
