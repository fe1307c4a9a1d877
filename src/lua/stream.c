#include "lua/stream.h"
#include "lua/op.h"
#include "lua/pipe.h"
#include "lua/types.h"
#include <stdlib.h>
#include <string.h>

static void *stream_ref(void *pipe) {
  return ctd_pipe_ref(pipe);
}

static void stream_unref(void *pipe) {
  ctd_pipe_unref(pipe);
}

static void stream_describe(lua_State *L, void *pipe) {
  static const char *const names[] = {"stdin", "stdout", "stderr"};
  lua_pushfstring(L, "%s, %s", ctd_process_id(ctd_pipe_process(pipe)), names[ctd_pipe_number(pipe)]);
}

/* Closing a stdin tells the process that there is no more. */
static int stream_dispose(void *pipe, struct ctd_scope *scope, struct ctd_error *err) {
  return ctd_process_close_stdin(ctd_pipe_process(pipe), scope, err);
}

/* Names the stream that failed. */
static int stream_failed(const struct ctd_pipe *pipe, const char *op, struct ctd_error *err) {
  const struct ctd_process *task = ctd_pipe_process(pipe);
  return ctd_client_failed(ctd_process_client(task), err, op, "stream of task %s", ctd_process_id(task));
}

struct format {
  enum ctd_pipe_format format;
  size_t size;
  struct ctd_text text;
};

struct read {
  struct ctd_pipe *pipe;
  size_t count, next; /* of formats; those before `next` are read */
  struct format *formats;
};

static void format_read(lua_State *L, int index, struct ctd_op *op, struct format *format) {
  static const char letters[] = {[CTD_PIPE_LINE] = 'l', [CTD_PIPE_FULL_LINE] = 'L', [CTD_PIPE_ALL] = 'a'};
  double size = lua_tonumber(L, index);
  const char *text = lua_type(L, index) == LUA_TSTRING ? lua_tostring(L, index) : "";
  if (lua_type(L, index) == LUA_TNUMBER && size >= 0 && size <= 0x1p53 && size == floor(size)) {
    format->format = CTD_PIPE_SIZE;
    format->size = (size_t)size;
    return;
  }
  text += *text == '*';
  const char *letter = *text ? memchr(letters, *text, sizeof letters) : NULL;
  if (!letter)
    ctd_misuse(L, op, "format \"l\", \"L\", \"a\" or a number of bytes expected");
  else
    format->format = (enum ctd_pipe_format)(letter - letters);
}

/* Takes a table of options off the end of the arguments. The number of those before it. */
static int read_options(lua_State *L, struct ctd_op *op) {
  int last = lua_gettop(L);
  if (last >= CTD_METHOD_ARGUMENT && lua_type(L, last) == LUA_TTABLE)
    ctd_options_read(L, last--, op, NULL, NULL);
  return last - CTD_METHOD_ARGUMENT + 1;
}

static void read_parse(lua_State *L, struct ctd_op *op, void *data) {
  struct read *request = data;
  int given = read_options(L, op);
  int count = given > 0 ? given : 1;
  if (ctd_pipe_number(request->pipe) == 0)
    ctd_misuse(L, op, "stdin is written, not read");
  request->formats = ctd_arena_allocate(L, &op->arena, (size_t)count * sizeof *request->formats);
  for (int i = 0; i < given; i++)
    format_read(L, CTD_METHOD_ARGUMENT + i, op, &request->formats[i]);
  request->count = (size_t)count;
}

static int read_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct read *request = data;
  for (; request->next < request->count; request->next++) {
    struct format *format = &request->formats[request->next];
    if (ctd_pipe_read(request->pipe, format->format, format->size, &format->text, scope, err))
      return stream_failed(request->pipe, "read", err);
    if (!format->text.data)
      request->count = request->next + 1; /* nothing comes after the end */
  }
  return 0;
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
  for (size_t i = 0; i < request->count; i++)
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

struct write {
  struct ctd_pipe *pipe;
  const char *data;
  size_t size;
};

static void write_parse(lua_State *L, struct ctd_op *op, void *data) {
  struct write *request = data;
  int count = read_options(L, op);
  if (ctd_pipe_number(request->pipe) != 0)
    ctd_misuse(L, op, "stdout and stderr are read, not written");
  for (int i = 0; i < count; i++)
    if (!lua_isstring(L, CTD_METHOD_ARGUMENT + i))
      ctd_misuse(L, op, "string expected, got %s", luaL_typename(L, CTD_METHOD_ARGUMENT + i));
  lua_settop(L, CTD_METHOD_ARGUMENT + count - 1);
  lua_concat(L, count);
  request->size = ctd_rawlen(L, -1);
  request->data = ctd_arena_string(L, &op->arena, -1);
  ctd_method_keep(L, CTD_METHOD_RECEIVER, "receiver");
}

static int write_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  const struct write *request = data;
  int result = ctd_process_write(ctd_pipe_process(request->pipe), request->data, request->size, scope, err);
  return result ? stream_failed(request->pipe, "write", err) : 0;
}

/* The stream itself, so that writes can be chained. */
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

void ctd_stream_push(lua_State *L, struct ctd_process *task, int number, bool safe) {
  struct ctd_pipe *none = NULL;
  struct ctd_object *object = ctd_object_push(L, &ctd_stream_type, &none, safe);
  struct ctd_error *err = ctd_fail_box(L);
  object->pointer = ctd_pipe_new(task, number, err);
  if (!object->pointer)
    luaL_error(L, "%s", err->message);
  lua_pop(L, 1);
  object->claimed = true;
  object->auto_delete = number == 0;
}

/* `lines` is made in Lua from `read`. */
static void stream_extend(lua_State *L) {
  ctd_method_push_wait(L);
  lua_getfield(L, -1, "lines");
  lua_remove(L, -2);
  lua_getfield(L, -2, "read");
  lua_call(L, 1, 1);
  lua_setfield(L, -2, "lines");
}

static const struct ctd_method *const stream_methods[] = {&read_method, &write_method, NULL};

const struct ctd_type ctd_stream_type = {
    .name = "containerd.stream",
    .ref = stream_ref,
    .unref = stream_unref,
    .describe = stream_describe,
    .dispose = stream_dispose,
    .extend = stream_extend,
    .methods = stream_methods,
};
