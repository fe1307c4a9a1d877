#include "lua/source.h"
#include "lua/file.h"
#include "lua/op.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define READER "reader" /* the name that upcalls know the script's function by */

static void source_release(void *data) {
  struct ctd_lua_source *source = data;
  if (source->open)
    close(source->fd);
  ctd_buffer_free(&source->text);
}

static bool has_read(lua_State *L, int index) {
  bool indexed = lua_istable(L, index) || luaL_getmetafield(L, index, "__index");
  if (!indexed)
    return false;
  lua_getfield(L, index, "read");
  bool callable = lua_isfunction(L, -1);
  lua_pop(L, lua_istable(L, index) ? 1 : 2);
  return callable;
}

/* A descriptor of our own, which the script can't close under our feet. */
static void take_fd(lua_State *L, struct ctd_op *op, const char *name, struct ctd_lua_source *source, int fd) {
  source->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  source->open = source->fd >= 0;
  if (!source->open)
    ctd_misuse(L, op, "\"%s\": file descriptor %d: %s", name, fd, strerror(errno));
}

/* What the file has read ahead goes back, where that is possible. */
static void take_file(lua_State *L, int index, struct ctd_op *op, const char *name, struct ctd_lua_source *source) {
  FILE *file = ctd_file(lua_touserdata(L, index));
  if (!file)
    ctd_misuse(L, op, "\"%s\": the file is closed", name);
  else {
    fflush(file);
    take_fd(L, op, name, source, fileno(file));
  }
}

/* What is called for bytes is made in Lua. */
static void take_function(lua_State *L, int index, struct ctd_op *op) {
  ctd_method_push_wait(L);
  lua_getfield(L, -1, READER);
  lua_remove(L, -2);
  lua_pushvalue(L, index);
  lua_call(L, 1, 1);
  ctd_method_keep(L, -1, READER);
  lua_pop(L, 1);
  op->upcalls.wants_bytes = true;
}

void ctd_read_source(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  struct ctd_lua_source *source = target;
  ctd_arena_own(L, &op->arena, source_release, source);
  source->op = op;
  if (lua_type(L, index) == LUA_TSTRING)
    ctd_read_string(L, index, op, name, &source->path);
  else if (lua_type(L, index) == LUA_TNUMBER)
    take_fd(L, op, name, source, (int)lua_tointeger(L, index));
  else if (ctd_is_file(L, index))
    take_file(L, index, op, name, source);
  else if (lua_isfunction(L, index) || has_read(L, index))
    take_function(L, index, op);
  else
    ctd_read_failed(L, index, op, name, "path, file, file descriptor, object with read, or function");
}

static int path_open(struct ctd_lua_source *source, struct ctd_error *err) {
  source->fd = open(source->path, O_RDONLY | O_CLOEXEC);
  if (source->fd < 0)
    return ctd_error_errno(err, errno, "open %s", source->path);
  source->open = true;
  return 0;
}

/* Waits in slices, since a pipe may have nothing for long. */
static int fd_read(int fd, void *buffer, size_t size, size_t *got, struct ctd_scope *scope, struct ctd_error *err) {
  struct pollfd ready = {.fd = fd, .events = POLLIN};
  while (poll(&ready, 1, (int)(ctd_scope_slice(scope) * 1000)) <= 0)
    if (ctd_scope_check(scope, err))
      return -1;
  ssize_t count = read(fd, buffer, size);
  *got = count > 0 ? (size_t)count : 0;
  return count < 0 ? ctd_error_errno(err, errno, "read") : 0;
}

/* Asks the script until it gives something or says that this is all. */
static int text_fill(struct ctd_lua_source *source, size_t size, bool *ended, struct ctd_error *err) {
  ctd_buffer_free(&source->text);
  source->start = 0;
  *ended = false;
  while (!*ended && !source->text.size)
    if (ctd_upcall_read(source->op, READER, size, &source->text, ended, err))
      return -1;
  return 0;
}

static int text_read(struct ctd_lua_source *source, void *buffer, size_t size, size_t *got, struct ctd_error *err) {
  bool ended = false;
  *got = 0;
  if (source->start == source->text.size && text_fill(source, size, &ended, err))
    return -1;
  if (ended)
    return 0;
  size_t left = source->text.size - source->start;
  *got = left < size ? left : size;
  memcpy(buffer, source->text.data + source->start, *got);
  source->start += *got;
  return 0;
}

static int source_read(void *context, void *buffer, size_t size, size_t *got, struct ctd_scope *scope,
                       struct ctd_error *err) {
  struct ctd_lua_source *source = context;
  if (source->path && !source->open && path_open(source, err))
    return -1;
  return source->open ? fd_read(source->fd, buffer, size, got, scope, err) : text_read(source, buffer, size, got, err);
}

struct ctd_source ctd_source_of(struct ctd_lua_source *source) {
  return (struct ctd_source){source_read, source};
}
