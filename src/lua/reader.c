#include "client/content_reader.h"
#include "lua/op.h"
#include "lua/scan.h"
#include "lua/types.h"
#include <stdlib.h>
#include <string.h>

/* What an object holds: a reader with what came from it and nobody has read. */
struct reader {
  atomic_int references;
  atomic_flag busy; /* while a thread reads */
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
  atomic_flag_clear(&reader->busy);
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

struct format {
  enum ctd_scan_format format;
  size_t size;
  struct ctd_scan_text text;
};

struct read {
  struct reader *reader;
  size_t count, next; /* of formats; those before `next` are read */
  struct format *formats;
};

static void format_read(lua_State *L, int index, struct ctd_op *op, struct format *format) {
  static const char letters[] = {[CTD_SCAN_LINE] = 'l', [CTD_SCAN_FULL_LINE] = 'L', [CTD_SCAN_ALL] = 'a'};
  double size = lua_tonumber(L, index);
  const char *text = lua_type(L, index) == LUA_TSTRING ? lua_tostring(L, index) : "";
  if (lua_type(L, index) == LUA_TNUMBER && size >= 0 && size <= 0x1p53 && size == floor(size)) {
    format->format = CTD_SCAN_SIZE;
    format->size = (size_t)size;
    return;
  }
  text += *text == '*';
  const char *letter = *text ? memchr(letters, *text, sizeof letters) : NULL;
  if (!letter)
    ctd_misuse(L, op, "format \"l\", \"L\", \"a\" or a number of bytes expected");
  else
    format->format = (enum ctd_scan_format)(letter - letters);
}

static void read_parse(lua_State *L, struct ctd_op *op, void *data) {
  struct read *request = data;
  int last = lua_gettop(L);
  if (last >= CTD_METHOD_ARGUMENT && lua_type(L, last) == LUA_TTABLE)
    ctd_options_read(L, last--, op, NULL, NULL);
  int given = last - CTD_METHOD_ARGUMENT + 1;
  request->count = given > 0 ? (size_t)given : 1;
  request->formats = ctd_arena_allocate(L, &op->arena, request->count * sizeof *request->formats);
  for (int i = 0; i < given; i++)
    format_read(L, CTD_METHOD_ARGUMENT + i, op, &request->formats[i]);
}

static int read_formats(struct read *request, struct ctd_scope *scope, struct ctd_error *err) {
  for (; request->next < request->count; request->next++) {
    struct format *format = &request->formats[request->next];
    if (ctd_scan_read(&request->reader->scan, format->format, format->size, &format->text, scope, err))
      return reader_failed(request->reader, err);
    if (!format->text.data)
      request->count = request->next + 1; /* nothing comes after the end */
  }
  return 0;
}

static int reader_busy(const struct reader *reader, struct ctd_error *err) {
  ctd_error_set(err, CTD_FAILED_PRECONDITION, "another read is under way");
  return reader_failed(reader, err);
}

static int read_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct read *request = data;
  if (atomic_flag_test_and_set(&request->reader->busy))
    return reader_busy(request->reader, err);
  int result = read_formats(request, scope, err);
  atomic_flag_clear(&request->reader->busy);
  return result;
}

static int read_push(lua_State *L, struct ctd_op *op, void *data) {
  const struct read *request = data;
  (void)op;
  luaL_checkstack(L, (int)request->count, "results");
  for (size_t i = 0; i < request->count; i++)
    if (request->formats[i].text.data)
      lua_pushlstring(L, request->formats[i].text.data, request->formats[i].text.size);
    else
      lua_pushnil(L);
  return (int)request->count;
}

static void read_release(void *data) {
  struct read *request = data;
  for (size_t i = 0; request->formats && i < request->count; i++)
    free(request->formats[i].text.data);
}

static const struct ctd_method read_method = {
    .name = "read",
    .flags = CTD_METHOD_SLICED | CTD_METHOD_VARIADIC,
    .size = sizeof(struct read),
    .parse = read_parse,
    .run = read_run,
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
  if (atomic_flag_test_and_set(&reader->busy)) {
    reader_busy(reader, err);
    return ctd_fail(L, object->safe);
  }
  const double bases[] = {0, (double)reader_position(reader), (double)ctd_content_reader_size(reader->content)};
  int result = reader_move(reader, bases[whence], offset, err);
  int64_t position = reader_position(reader);
  atomic_flag_clear(&reader->busy);
  if (result)
    return ctd_fail(L, object->safe);
  lua_pushinteger(L, (lua_Integer)position);
  return 1;
}

/* `lines` is made in Lua from `read`. */
static void reader_extend(lua_State *L) {
  ctd_method_push_wait(L);
  lua_getfield(L, -1, "lines");
  lua_remove(L, -2);
  lua_getfield(L, -2, "read");
  lua_call(L, 1, 1);
  lua_setfield(L, -2, "lines");
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
    .extend = reader_extend,
    .functions = reader_functions,
    .methods = reader_methods,
};
