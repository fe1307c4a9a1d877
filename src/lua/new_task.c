#include "client/task.h"
#include "lua/file.h"
#include "lua/op.h"
#include "lua/stream.h"
#include "lua/types.h"
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

struct new_task {
  struct ctd_container *container;
  struct ctd_task_options options;
  bool auto_delete;
  struct ctd_task *task;
};

static const char *const stream_names[] = {"stdin", "stdout", "stderr"};

static void release_fd(void *slot) {
  if (*(int *)slot >= 0)
    close(*(int *)slot);
}

/* A descriptor of our own: the script may close its file before the task is made. */
static void take_fd(lua_State *L, struct ctd_op *op, int fd, struct ctd_stream_options *stream) {
  int *slot = ctd_arena_allocate(L, &op->arena, sizeof *slot);
  *slot = -1;
  ctd_arena_own(L, &op->arena, release_fd, slot);
  *slot = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  if (*slot < 0)
    ctd_misuse(L, op, "\"stdio\": %d is no open file descriptor", fd);
  stream->kind = CTD_STREAM_FD;
  stream->fd = *slot;
}

/* What Lua has written to the file comes before what the task writes. */
static void take_file(lua_State *L, struct ctd_op *op, int index, struct ctd_stream_options *stream) {
  FILE *file = ctd_file(lua_touserdata(L, index));
  if (!file) {
    ctd_misuse(L, op, "\"stdio\": the file is closed");
    return;
  }
  fflush(file);
  take_fd(L, op, fileno(file), stream);
}

/* One that was closed when this program started may be open since, for a library: but then, unlike what a program is
 * started with, to be closed on exec. A closed one is as good as null.
 */
static bool is_inherited(int number) {
  int flags = fcntl(number, F_GETFD);
  return flags >= 0 && !(flags & FD_CLOEXEC);
}

static void read_inherit(int number, struct ctd_stream_options *stream) {
  static FILE *const *const files[] = {&stdin, &stdout, &stderr};
  if (!is_inherited(number))
    return;
  if (number)
    fflush(*files[number]);
  stream->kind = CTD_STREAM_FD;
  stream->fd = number;
}

static void read_log(lua_State *L, int index, struct ctd_op *op, int number, struct ctd_stream_options *stream) {
  const char *path = lua_tostring(L, index) + strlen("log:");
  if (number == 0) /* a log has no input */
    return;
  if (*path != '/')
    ctd_misuse(L, op, "\"stdio\": \"log:\" and an absolute path expected, got \"%s\"", lua_tostring(L, index));
  lua_pushfstring(L, "file://%s", path);
  stream->kind = CTD_STREAM_URI;
  stream->uri = ctd_arena_string(L, &op->arena, -1);
  lua_pop(L, 1);
}

static void read_word(lua_State *L, int index, struct ctd_op *op, int number, struct ctd_stream_options *stream) {
  const char *word = lua_tostring(L, index);
  if (!strcmp(word, "null"))
    stream->kind = CTD_STREAM_NULL;
  else if (!strcmp(word, "inherit"))
    read_inherit(number, stream);
  else if (!strcmp(word, "pipe"))
    stream->kind = CTD_STREAM_PIPE;
  else if (!strncmp(word, "log:", 4))
    read_log(L, index, op, number, stream);
  else
    ctd_misuse(L, op, "\"stdio\": \"null\", \"inherit\", \"pipe\" or \"log:/path\" expected, got \"%s\"", word);
}

static bool is_fd(lua_State *L, int index) {
  double number = lua_tonumber(L, index);
  return lua_type(L, index) == LUA_TNUMBER && number >= 0 && number <= INT_MAX && number == floor(number);
}

/* `target` is one of the three streams. */
static void read_stream(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  int number = !strcmp(name, "stdin") ? 0 : !strcmp(name, "stdout") ? 1 : 2;
  if (ctd_is_text(L, index))
    read_word(L, index, op, number, target);
  else if (is_fd(L, index))
    take_fd(L, op, (int)lua_tonumber(L, index), target);
  else if (ctd_is_file(L, index))
    take_file(L, op, index, target);
  else
    ctd_read_failed(L, index, op, name, "word, Lua file or file descriptor");
}

static const struct ctd_option stdio_fields[] = {
    {"stdin", read_stream, 0, false},
    {"stdout", read_stream, sizeof(struct ctd_stream_options), false},
    {"stderr", read_stream, 2 * sizeof(struct ctd_stream_options), false},
    {NULL, NULL, 0, false},
};

static void read_stdio(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  struct ctd_stream_options *streams = target;
  if (lua_type(L, index) == LUA_TTABLE) {
    ctd_fields_read(L, index, op, stdio_fields, streams);
    return;
  }
  if (!ctd_is_text(L, index))
    ctd_read_failed(L, index, op, name, "word or table");
  for (int i = 0; i < 3; i++)
    read_word(L, index, op, i, &streams[i]);
}

static const struct ctd_option new_task_options[] = {
    {"stdio", read_stdio, offsetof(struct new_task, options.stdio.streams), false},
    {"terminal", ctd_read_boolean, offsetof(struct new_task, options.stdio.terminal), false},
    {"auto_delete", ctd_read_boolean, offsetof(struct new_task, auto_delete), false},
    {NULL, NULL, 0, false},
};

static int new_task_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct new_task *request = data;
  return ctd_task_create(request->container, &request->options, scope, &request->task, err);
}

/* The streams that are pipes, in the companion of the task on top. */
static void push_streams(lua_State *L, const struct ctd_stdio_options *stdio, struct ctd_object *object) {
  lua_newtable(L);
  for (int i = 0; i < 3; i++)
    if (stdio->streams[i].kind == CTD_STREAM_PIPE && !(stdio->terminal && i == 2)) {
      ctd_stream_push(L, object->pointer, i, object->safe);
      lua_setfield(L, -2, stream_names[i]);
    }
  ctd_set_companion(L, -2);
  object->has_companion = true;
}

static int new_task_push(lua_State *L, struct ctd_op *op, void *data) {
  struct new_task *request = data;
  struct ctd_object *object = ctd_object_push(L, &ctd_task_type, &request->task, op->safe);
  object->auto_delete = request->auto_delete;
  push_streams(L, &request->options.stdio, object);
  return 1;
}

/* A task that the script never got to see goes as one with auto_delete does. */
static void new_task_release(void *data) {
  struct new_task *request = data;
  struct ctd_error err = {0};
  if (request->task && request->auto_delete)
    ctd_object_dispose(&ctd_task_type, request->task, &err);
  ctd_error_clear(&err);
  ctd_task_unref(request->task);
}

const struct ctd_method ctd_new_task_method = {
    .name = "new_task",
    .size = sizeof(struct new_task),
    .options = new_task_options,
    .run = new_task_run,
    .push = new_task_push,
    .release = new_task_release,
};
