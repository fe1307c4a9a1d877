#include "client/content_reader.h"
#include "lua/op.h"
#include "lua/scan_method.h"
#include "lua/types.h"
#include <stdlib.h>
#include <string.h>

/* What an object holds: a reader with what came from it and nobody has read. */
struct reader {
  atomic_int references;
  ctd_flag busy; /* while a read is under way */
  struct ctd_content_reader *content;
  struct ctd_scan scan;
};

static void *reader_ref(void *data) {
  struct reader *reader = data;
  atomic_fetch_add(&reader->references, 1);
  return reader;
}

static void reader_unref(void *data) {
  struct reader *reader = data;
  if (!reader || atomic_fetch_sub(&reader->references, 1) > 1)
    return;
  ctd_content_reader_unref(reader->content);
  ctd_scan_reset(&reader->scan);
  free(reader);
}

static void reader_describe(lua_State *L, void *data) {
  lua_pushstring(L, ctd_content_reader_digest(((const struct reader *)data)->content));
}

static int reader_fill(void *context, struct ctd_buffer *buffer, bool *ended, struct ctd_scope *scope,
                       struct ctd_error *err) {
  return ctd_content_reader_read(context, buffer, ended, scope, err);
}

static int reader_failed(const struct reader *reader, struct ctd_error *err) {
  return ctd_client_failed(ctd_content_reader_client(reader->content), err, "read", "%s",
                           ctd_content_reader_digest(reader->content));
}

struct open {
  struct ctd_client *client;
  const char *digest;
  struct reader *reader;
};

static const struct ctd_option open_arguments[] = {
    {"digest", ctd_read_string, offsetof(struct open, digest), false},
    {NULL, NULL, 0, false},
};

static int open_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct open *request = data;
  struct ctd_content_reader *content;
  if (ctd_content_reader_open(&content, request->client, request->digest, scope, err))
    return -1;
  struct reader *reader = calloc(1, sizeof *reader);
  if (!reader) {
    ctd_content_reader_unref(content);
    return ctd_error_nomem(err);
  }
  atomic_init(&reader->references, 1);
  reader->content = content;
  reader->scan.fill = reader_fill;
  reader->scan.context = content;
  request->reader = reader;
  return 0;
}

static int open_push(lua_State *L, struct ctd_op *op, void *data) {
  ctd_object_push(L, &ctd_reader_type, &((struct open *)data)->reader, op->safe);
  return 1;
}

static void open_release(void *data) {
  reader_unref(((struct open *)data)->reader);
}

const struct ctd_method ctd_content_reader_method = {
    .name = "reader",
    .size = sizeof(struct open),
    .arguments = open_arguments,
    .run = open_run,
    .push = open_push,
    .release = open_release,
};

struct read {
  struct reader *reader;
  struct ctd_scan_request request;
};

static void read_parse(lua_State *L, struct ctd_op *op, void *data) {
  ctd_scan_request_parse(L, op, &((struct read *)data)->request);
}

static int reader_busy(const struct reader *reader, struct ctd_error *err) {
  ctd_error_set(err, CTD_FAILED_PRECONDITION, "another read is under way");
  return reader_failed(reader, err);
}

static int read_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct read *request = data;
  struct reader *reader = request->reader;
  if (!ctd_scope_enter(scope, &reader->busy))
    return reader_busy(reader, err);
  int result = ctd_scan_read(&reader->scan, &request->request, scope, err);
  ctd_scope_leave(scope, &reader->busy, result);
  return result < 0 ? reader_failed(reader, err) : result;
}

static bool read_watch(void *data, void (*notify)(void *), void *context) {
  return ctd_content_reader_watch(((const struct read *)data)->reader->content, notify, context);
}

static int read_push(lua_State *L, struct ctd_op *op, void *data) {
  (void)op;
  return ctd_scan_request_push(L, &((const struct read *)data)->request);
}

static void read_release(void *data) {
  ctd_scan_request_release(&((struct read *)data)->request);
}

static const struct ctd_method read_method = {
    .name = "read",
    .flags = CTD_METHOD_SLICED | CTD_METHOD_VARIADIC,
    .size = sizeof(struct read),
    .parse = read_parse,
    .run = read_run,
    .watch = read_watch,
    .push = read_push,
    .release = read_release,
};

static int reader_size(lua_State *L) {
  const struct reader *reader = ctd_object_check(L, 1, &ctd_reader_type)->pointer;
  lua_pushinteger(L, (lua_Integer)ctd_content_reader_size(reader->content));
  return 1;
}

static int64_t reader_position(const struct reader *reader) {
  return ctd_content_reader_position(reader->content) - (int64_t)ctd_scan_available(&reader->scan);
}

static int reader_move(struct reader *reader, double base, double offset, struct ctd_error *err) {
  if (!(base + offset >= 0 && base + offset <= 0x1p53)) {
    ctd_error_set(err, CTD_INVALID_ARGUMENT, "there is no position %.0f", base + offset);
    return reader_failed(reader, err);
  }
  int64_t position = (int64_t)(base + offset);
  if (position == reader_position(reader))
    return 0;
  ctd_scan_reset(&reader->scan);
  ctd_content_reader_seek(reader->content, position);
  return 0;
}

/* seek([whence [, offset]]), as a Lua file's */
static int reader_seek(lua_State *L) {
  static const char *const names[] = {"set", "cur", "end", NULL};
  const struct ctd_object *object = ctd_object_check(L, 1, &ctd_reader_type);
  struct reader *reader = object->pointer;
  int whence = luaL_checkoption(L, 2, "cur", names);
  double offset = floor(luaL_optnumber(L, 3, 0));
  struct ctd_error *err = ctd_fail_box(L);
  if (atomic_exchange(&reader->busy, true)) {
    reader_busy(reader, err);
    return ctd_fail(L, object->safe);
  }
  const double bases[] = {0, (double)reader_position(reader), (double)ctd_content_reader_size(reader->content)};
  int result = reader_move(reader, bases[whence], offset, err);
  int64_t position = reader_position(reader);
  atomic_store(&reader->busy, false);
  if (result)
    return ctd_fail(L, object->safe);
  lua_pushinteger(L, (lua_Integer)position);
  return 1;
}

static const struct ctd_method *const reader_methods[] = {&read_method, NULL};

static const luaL_Reg reader_functions[] = {
    {"size", reader_size},
    {"seek", reader_seek},
    {NULL, NULL},
};

const struct ctd_type ctd_reader_type = {
    .name = "containerd.reader",
    .ref = reader_ref,
    .unref = reader_unref,
    .describe = reader_describe,
    .extend = ctd_scan_extend,
    .functions = reader_functions,
    .methods = reader_methods,
};
