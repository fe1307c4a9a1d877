#include "lua/source.h"
#include "lua/op.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define READER "reader" /* the name that upcalls know the script's function by */

static void source_release(void *data) {
  struct ctd_lua_source *source = data;
  ctd_lua_end_close(&source->end);
  ctd_buffer_free(&source->text);
}

void ctd_read_source(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  static const struct ctd_lua_end_kind kind = {.method = "read", .maker = READER};
  struct ctd_lua_source *source = target;
  ctd_arena_own(L, &op->arena, source_release, source);
  ctd_lua_end_read(L, index, op, name, &kind, &source->end);
}

static int path_open(struct ctd_lua_end *end, struct ctd_error *err) {
  end->fd = open(end->path, O_RDONLY | O_CLOEXEC);
  if (end->fd < 0)
    return ctd_error_errno(err, errno, "open %s", end->path);
  end->open = true;
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
    if (ctd_upcall_read(source->end.op, READER, size, &source->text, ended, err))
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
  struct ctd_lua_end *end = &source->end;
  if (end->path && !end->open && path_open(end, err))
    return -1;
  return end->open ? fd_read(end->fd, buffer, size, got, scope, err) : text_read(source, buffer, size, got, err);
}

struct ctd_source ctd_source_of(struct ctd_lua_source *source) {
  return (struct ctd_source){source_read, source};
}
