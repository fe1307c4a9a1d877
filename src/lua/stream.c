#include "lua/stream.h"
#include "lua/op.h"
#include "lua/pipe.h"
#include "lua/scan_method.h"
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

struct read {
  struct ctd_pipe *pipe;
  struct ctd_scan_request request;
};

static void read_parse(lua_State *L, struct ctd_op *op, void *data) {
  struct read *request = data;
  ctd_scan_request_parse(L, op, &request->request);
  if (ctd_pipe_number(request->pipe) == 0)
    ctd_misuse(L, op, "stdin is written, not read");
}

static int read_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct read *request = data;
  int result = ctd_pipe_read(request->pipe, &request->request, scope, err);
  return result < 0 ? stream_failed(request->pipe, "read", err) : result;
}

static bool read_watch(void *data, void (*notify)(void *), void *context) {
  ctd_pipe_watch(((const struct read *)data)->pipe, notify, context);
  return true;
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
    .flags = CTD_METHOD_SLICED | CTD_METHOD_ENDLESS | CTD_METHOD_VARIADIC,
    .size = sizeof(struct read),
    .parse = read_parse,
    .run = read_run,
    .watch = read_watch,
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
  int count = ctd_options_take(L, op);
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

static const struct ctd_method *const stream_methods[] = {&read_method, &write_method, NULL};

const struct ctd_type ctd_stream_type = {
    .name = "containerd.stream",
    .ref = stream_ref,
    .unref = stream_unref,
    .describe = stream_describe,
    .dispose = stream_dispose,
    .extend = ctd_scan_extend,
    .methods = stream_methods,
};
