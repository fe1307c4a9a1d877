#include "client/ingest_writer.h"
#include "lua/content.h"
#include "lua/op.h"
#include "lua/types.h"
#include <stdlib.h>

static void *writer_ref(void *writer) {
  return ctd_ingest_writer_ref(writer);
}

static void writer_unref(void *writer) {
  ctd_ingest_writer_unref(writer);
}

static void writer_describe(lua_State *L, void *writer) {
  lua_pushstring(L, ctd_ingest_writer_ref_name(writer));
}

struct open {
  struct ctd_client *client;
  struct ctd_ingest_options options;
  struct ctd_ingest_writer *writer;
};

static const struct ctd_option open_options[] = {
    {"ref", ctd_read_string, offsetof(struct open, options.ref), false},
    {"digest", ctd_read_string, offsetof(struct open, options.digest), false},
    {"size", ctd_read_size, offsetof(struct open, options.size), false},
    {"labels", ctd_read_labels, offsetof(struct open, options.labels), false},
    {NULL, NULL, 0, false},
};

static int open_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct open *request = data;
  return ctd_ingest_writer_open(&request->writer, request->client, &request->options, scope, err);
}

static int open_push(lua_State *L, struct ctd_op *op, void *data) {
  ctd_object_push(L, &ctd_writer_type, &((struct open *)data)->writer, op->safe);
  return 1;
}

static void open_release(void *data) {
  ctd_ingest_writer_unref(((struct open *)data)->writer);
}

const struct ctd_method ctd_content_write_method = {
    .name = "write",
    .size = sizeof(struct open),
    .options = open_options,
    .run = open_run,
    .push = open_push,
    .release = open_release,
};

struct write {
  struct ctd_ingest_writer *writer;
  const char *data;
  size_t size;
};

static void write_parse(lua_State *L, struct ctd_op *op, void *data) {
  struct write *request = data;
  int last = lua_gettop(L);
  if (last >= CTD_METHOD_ARGUMENT && lua_type(L, last) == LUA_TTABLE)
    ctd_options_read(L, last--, op, NULL, NULL);
  for (int i = CTD_METHOD_ARGUMENT; i <= last; i++)
    if (!lua_isstring(L, i))
      ctd_misuse(L, op, "string expected, got %s", luaL_typename(L, i));
  lua_settop(L, last);
  lua_concat(L, last - CTD_METHOD_ARGUMENT + 1);
  request->size = ctd_rawlen(L, -1);
  request->data = ctd_arena_string(L, &op->arena, -1);
  ctd_method_keep(L, CTD_METHOD_RECEIVER, "receiver");
}

static int write_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  const struct write *request = data;
  return ctd_ingest_writer_write(request->writer, request->data, request->size, scope, err);
}

/* The writer itself, so that writes can be chained. */
static int write_push(lua_State *L, struct ctd_op *op, void *data) {
  (void)op;
  (void)data;
  ctd_get_companion(L, CTD_METHOD_HANDLE);
  lua_getfield(L, -1, "receiver");
  return 1;
}

static const struct ctd_method write_method = {
    .name = "write",
    .flags = CTD_METHOD_VARIADIC,
    .size = sizeof(struct write),
    .parse = write_parse,
    .run = write_run,
    .push = write_push,
};

struct status {
  struct ctd_ingest_writer *writer;
  struct ctd_ingest ingest;
};

static int status_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct status *request = data;
  return ctd_ingest_writer_status(request->writer, scope, &request->ingest, err);
}

static int status_push(lua_State *L, struct ctd_op *op, void *data) {
  (void)op;
  ctd_content_push_ingest(L, &((const struct status *)data)->ingest);
  return 1;
}

static void status_release(void *data) {
  ctd_ingest_free(&((struct status *)data)->ingest);
}

static const struct ctd_method status_method = {
    .name = "status",
    .size = sizeof(struct status),
    .run = status_run,
    .push = status_push,
    .release = status_release,
};

struct commit {
  struct ctd_ingest_writer *writer;
  struct ctd_ingest_options options;
  char *digest;
  int64_t size;
};

static const struct ctd_option commit_options[] = {
    {"digest", ctd_read_string, offsetof(struct commit, options.digest), false},
    {"size", ctd_read_size, offsetof(struct commit, options.size), false},
    {"labels", ctd_read_labels, offsetof(struct commit, options.labels), false},
    {NULL, NULL, 0, false},
};

static int commit_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct commit *request = data;
  return ctd_ingest_writer_commit(request->writer, &request->options, scope, &request->digest, &request->size, err);
}

static int commit_push(lua_State *L, struct ctd_op *op, void *data) {
  const struct commit *request = data;
  (void)op;
  lua_pushstring(L, request->digest);
  lua_pushinteger(L, (lua_Integer)request->size);
  return 2;
}

static void commit_release(void *data) {
  free(((struct commit *)data)->digest);
}

static const struct ctd_method commit_method = {
    .name = "commit",
    .size = sizeof(struct commit),
    .options = commit_options,
    .run = commit_run,
    .push = commit_push,
    .release = commit_release,
};

static int writer_truncate(lua_State *L) {
  const struct ctd_object *object = ctd_object_check(L, 1, &ctd_writer_type);
  struct ctd_error *err = ctd_fail_box(L);
  if (ctd_ingest_writer_truncate(object->pointer, err))
    return ctd_fail(L, object->safe);
  lua_pushboolean(L, true);
  return 1;
}

static const struct ctd_method *const writer_methods[] = {&write_method, &status_method, &commit_method, NULL};

static const luaL_Reg writer_functions[] = {
    {"truncate", writer_truncate},
    {NULL, NULL},
};

const struct ctd_type ctd_writer_type = {
    .name = "containerd.writer",
    .ref = writer_ref,
    .unref = writer_unref,
    .describe = writer_describe,
    .functions = writer_functions,
    .methods = writer_methods,
};
