#include "client/content_ingest.h"
#include "lua/op.h"
#include "lua/source.h"
#include "lua/types.h"
#include <stdlib.h>

struct ingest {
  struct ctd_client *client;
  struct ctd_lua_source source;
  struct ctd_ingest_options options;
  char *digest;
  int64_t size;
};

static const struct ctd_option ingest_arguments[] = {
    {"reader", ctd_read_source, offsetof(struct ingest, source), false},
    {NULL, NULL, 0, false},
};

static const struct ctd_option ingest_options[] = {
    {"ref", ctd_read_string, offsetof(struct ingest, options.ref), false},
    {"digest", ctd_read_string, offsetof(struct ingest, options.digest), false},
    {"size", ctd_read_size, offsetof(struct ingest, options.size), false},
    {"labels", ctd_read_labels, offsetof(struct ingest, options.labels), false},
    {NULL, NULL, 0, false},
};

static int ingest_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct ingest *request = data;
  struct ctd_source source = ctd_source_of(&request->source);
  return ctd_content_ingest(request->client, &request->options, &source, scope, &request->digest, &request->size, err);
}

static int ingest_push(lua_State *L, struct ctd_op *op, void *data) {
  const struct ingest *request = data;
  (void)op;
  lua_pushstring(L, request->digest);
  lua_pushinteger(L, (lua_Integer)request->size);
  return 2;
}

static void ingest_release(void *data) {
  free(((struct ingest *)data)->digest);
}

const struct ctd_method ctd_content_ingest_method = {
    .name = "ingest",
    .size = sizeof(struct ingest),
    .arguments = ingest_arguments,
    .options = ingest_options,
    .run = ingest_run,
    .push = ingest_push,
    .release = ingest_release,
};
