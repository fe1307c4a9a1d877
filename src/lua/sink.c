#include "lua/sink.h"
#include "base/buffer.h"
#include "client/unique.h"
#include "lua/op.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define WRITER "writer" /* the name that upcalls know the script's function by */

void ctd_lua_sink_drop(struct ctd_lua_sink *sink) {
  if (sink->temporary)
    unlink(sink->temporary);
  free(sink->temporary);
  sink->temporary = NULL;
}

static void sink_release(void *data) {
  struct ctd_lua_sink *sink = data;
  ctd_lua_end_close(&sink->end);
  ctd_lua_sink_drop(sink);
}

void ctd_read_sink(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  static const struct ctd_lua_end_kind kind = {.method = "write", .maker = WRITER};
  struct ctd_lua_sink *sink = target;
  ctd_arena_own(L, &op->arena, sink_release, sink);
  ctd_lua_end_read(L, index, op, name, &kind, &sink->end);
}

/* Devices and FIFOs are written to themselves. */
static bool is_replaced(const char *path) {
  struct stat status;
  return stat(path, &status) || S_ISREG(status.st_mode);
}

static int path_open(struct ctd_lua_sink *sink, struct ctd_error *err) {
  char unique[CTD_UNIQUE_SIZE];
  struct ctd_lua_end *end = &sink->end;
  bool replaced = is_replaced(end->path);
  ctd_unique(unique);
  char *path = replaced ? ctd_format(err, "%s.%s", end->path, unique) : NULL;
  if (replaced && !path)
    return -1;
  end->fd = open(replaced ? path : end->path, O_WRONLY | O_CLOEXEC | (replaced ? O_CREAT | O_EXCL : 0), 0666);
  end->open = end->fd >= 0;
  if (end->open) {
    sink->temporary = path;
    return 0;
  }
  free(path);
  return ctd_error_errno(err, errno, "open %s", end->path);
}

/* Waits in slices, since a pipe may not be read for long. A pipe that has room has some for PIPE_BUF bytes. */
static int fd_write(const struct ctd_lua_sink *sink, const char *data, size_t size, struct ctd_scope *scope,
                    struct ctd_error *err) {
  struct pollfd ready = {.fd = sink->end.fd, .events = POLLOUT};
  while (size) {
    if (ctd_scope_check(scope, err))
      return -1;
    if (poll(&ready, 1, (int)(ctd_scope_slice(scope) * 1000)) <= 0)
      continue;
    ssize_t count = write(sink->end.fd, data, sink->regular || size < PIPE_BUF ? size : PIPE_BUF);
    if (count < 0 && errno != EINTR && errno != EAGAIN)
      return ctd_error_errno(err, errno, "write");
    data += count > 0 ? count : 0;
    size -= count > 0 ? (size_t)count : 0;
  }
  return 0;
}

static int sink_write(void *context, const void *data, size_t size, struct ctd_scope *scope, struct ctd_error *err) {
  const struct ctd_lua_sink *sink = context;
  return sink->end.open ? fd_write(sink, data, size, scope, err)
                        : ctd_upcall_write(sink->end.op, WRITER, data, size, err);
}

int ctd_lua_sink_open(struct ctd_lua_sink *sink, struct ctd_sink *out, struct ctd_error *err) {
  struct stat status;
  if (sink->end.path && path_open(sink, err))
    return -1;
  sink->regular = sink->end.open && !fstat(sink->end.fd, &status) && S_ISREG(status.st_mode);
  *out = (struct ctd_sink){sink_write, sink};
  return 0;
}

int ctd_lua_sink_finish(struct ctd_lua_sink *sink, struct ctd_error *err) {
  if (!sink->end.open)
    return ctd_upcall_write(sink->end.op, WRITER, NULL, 0, err);
  if (!sink->temporary)
    return 0;
  if (rename(sink->temporary, sink->end.path))
    return ctd_error_errno(err, errno, "rename to %s", sink->end.path);
  free(sink->temporary);
  sink->temporary = NULL;
  return 0;
}
