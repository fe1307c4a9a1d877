#include "lua/stdio.h"
#include "lua/file.h"
#include "lua/op.h"
#include "lua/stream.h"
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

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
  stream->kind = CTD_STREAM_NULL;
  if (!is_inherited(number))
    return;
  if (number)
    fflush(*files[number]);
  stream->kind = CTD_STREAM_FD;
  stream->fd = number;
}

/* "log:/path" and "binary:/path?arg=value" are URIs to the shim. */
static void read_uri(lua_State *L, int index, struct ctd_op *op, int number, struct ctd_stream_options *stream) {
  const char *word = lua_tostring(L, index), *path = strchr(word, ':') + 1;
  stream->kind = CTD_STREAM_NULL;
  if (number == 0) /* a log has no input */
    return;
  if (*path != '/')
    ctd_misuse(L, op, "\"stdio\": an absolute path expected in \"%s\"", word);
  lua_pushfstring(L, "%s://%s", *word == 'l' ? "file" : "binary", path);
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
  else if (!strncmp(word, "log:", 4) || !strncmp(word, "binary:", 7))
    read_uri(L, index, op, number, stream);
  else
    ctd_misuse(L, op,
               "\"stdio\": \"null\", \"inherit\", \"pipe\", \"log:/path\" or \"binary:/path\" expected, got \"%s\"",
               word);
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

void ctd_read_stdio(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
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

void ctd_stdio_push_streams(lua_State *L, struct ctd_process *process, const struct ctd_stream_options *streams,
                            struct ctd_object *object) {
  bool terminal = ctd_stdio_terminal(ctd_process_stdio(process));
  lua_newtable(L);
  for (int i = 0; i < 3; i++)
    if (streams[i].kind == CTD_STREAM_PIPE && !(terminal && i == 2)) {
      ctd_stream_push(L, process, i, object->safe);
      lua_setfield(L, -2, stream_names[i]);
    }
  ctd_set_companion(L, -2);
  object->has_companion = true;
}

/* The type is where the function that calls this has it too. */
int ctd_stdio_index(lua_State *L) {
  const struct ctd_object *object = ctd_object_test(L, 1, lua_touserdata(L, lua_upvalueindex(1)));
  if (!object || !object->has_companion)
    return 0;
  ctd_get_companion(L, 1);
  lua_pushvalue(L, 2);
  lua_rawget(L, -2);
  return 1;
}
