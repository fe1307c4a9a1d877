#include "client/stdio.h"
#include "base/buffer.h"
#include "base/fork.h"
#include "client/flow.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How long ctd_stdio_wait bears with an output that is held open and silent, in seconds. */
#define PATIENCE 2.0

static const char *const stream_names[] = {"stdin", "stdout", "stderr"};

struct ctd_stdio {
  int owner;
  bool terminal, kept;
  int tty;                   /* −1: none */
  char *dir;                 /* of the FIFOs; NULL: there are none (any more) */
  char *paths[3];            /* as the daemon is told; NULL: "" */
  struct ctd_flow *flows[3]; /* NULL: not copied here */
  bool for_caller[3], is_fifo[3];
  atomic_bool finished;
};

/* In a child, the thread that copies doesn't exist. */
static bool stdio_usable(const struct ctd_stdio *stdio) {
  return stdio->owner == ctd_fork_generation();
}

static int make_directories(const char *path, struct ctd_error *err) {
  char *partial;
  int result = 0;
  if (ctd_copy_string(&partial, path, err))
    return -1;
  for (char *slash = strchr(partial + 1, '/'); slash && !result; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    result = mkdir(partial, 0700) && errno != EEXIST;
    *slash = '/';
  }
  if (result || (mkdir(partial, 0700) && errno != EEXIST))
    result = ctd_error_errno(err, errno, "make %s", path);
  free(partial);
  return result;
}

static int stdio_make_dir(struct ctd_stdio *stdio, const char *root, struct ctd_error *err) {
  if (make_directories(root, err))
    return -1;
  char *dir = ctd_format(err, "%s/XXXXXX", root);
  if (!dir)
    return -1;
  if (!mkdtemp(dir)) {
    ctd_error_errno(err, errno, "make a directory in %s", root);
    free(dir);
    return -1;
  }
  stdio->dir = dir;
  return 0;
}

static int stdio_open_flow(struct ctd_stdio *stdio, int stream, const struct ctd_stream_options *options,
                           struct ctd_error *err) {
  bool for_caller = options->kind == CTD_STREAM_PIPE;
  int fd = for_caller ? CTD_FLOW_CALLER : options->fd;
  if (!for_caller && fd < 0)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "%d is not a file descriptor", fd);
  if (!stream && stdio->terminal && !for_caller && isatty(fd)) {
    stdio->tty = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (stdio->tty < 0)
      return ctd_error_errno(err, errno, "duplicate file descriptor %d", fd);
  }
  stdio->for_caller[stream] = for_caller;
  return stream ? ctd_flow_open_output(&stdio->flows[stream], stdio->paths[stream], fd, err)
                : ctd_flow_open_input(&stdio->flows[stream], stdio->paths[stream], fd, err);
}

static int stdio_open_fifo(struct ctd_stdio *stdio, int stream, const char *root, const char *id,
                           const struct ctd_stream_options *options, struct ctd_error *err) {
  if (!stdio->dir && stdio_make_dir(stdio, root ? root : CTD_DEFAULT_FIFO_ROOT, err))
    return -1;
  char *path = stdio->paths[stream] = ctd_format(err, "%s/%s-%s", stdio->dir, id, stream_names[stream]);
  if (!path)
    return -1;
  if (mkfifo(path, 0700))
    return ctd_error_errno(err, errno, "make %s", path);
  stdio->is_fifo[stream] = true;
  return stdio_open_flow(stdio, stream, options, err);
}

/* The shim opens the paths of the outputs, unless all are empty and there's no terminal (`used` is false then). */
static int stdio_open_stream(struct ctd_stdio *stdio, int stream, const char *root, const char *id, bool used,
                             const struct ctd_stream_options *options, struct ctd_error *err) {
  switch (options->kind) {
  case CTD_STREAM_NULL:
    return stream && used ? ctd_copy_string(&stdio->paths[stream], "/dev/null", err) : 0;
  case CTD_STREAM_URI:
    return ctd_copy_string(&stdio->paths[stream], options->uri, err);
  default:
    return stdio_open_fifo(stdio, stream, root, id, options, err);
  }
}

/* The shim looks at stdout's URI alone and does the same with stderr. */
static int options_check(const struct ctd_stdio_options *options, struct ctd_error *err) {
  const struct ctd_stream_options *in = &options->streams[0], *out = &options->streams[1],
                                  *errors = &options->streams[2];
  if (in->kind == CTD_STREAM_URI)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "stdin can't be a URI");
  if (options->terminal || (out->kind != CTD_STREAM_URI && errors->kind != CTD_STREAM_URI))
    return 0;
  if (out->kind == errors->kind && !strcmp(out->uri, errors->uri))
    return 0;
  return ctd_error_set(err, CTD_INVALID_ARGUMENT, "a log must be the same for stdout and stderr");
}

static void stdio_remove_fifos(struct ctd_stdio *stdio) {
  if (!stdio->dir)
    return;
  for (int i = 0; i < 3; i++)
    if (stdio->is_fifo[i])
      unlink(stdio->paths[i]);
  rmdir(stdio->dir);
  free(stdio->dir);
  stdio->dir = NULL;
}

static void stdio_free(struct ctd_stdio *stdio) {
  if (!stdio->kept)
    stdio_remove_fifos(stdio);
  for (int i = 0; i < 3; i++) {
    ctd_flow_close(stdio->flows[i]);
    free(stdio->paths[i]);
  }
  if (stdio->tty >= 0)
    close(stdio->tty);
  free(stdio->dir);
  free(stdio);
}

static struct ctd_stdio *stdio_new(bool terminal, struct ctd_error *err) {
  struct ctd_stdio *stdio = calloc(1, sizeof *stdio);
  if (!stdio) {
    ctd_error_nomem(err);
    return NULL;
  }
  stdio->owner = ctd_fork_generation();
  stdio->terminal = terminal;
  stdio->tty = -1;
  return stdio;
}

int ctd_stdio_open(struct ctd_stdio **out, const char *root, const char *id, const struct ctd_stdio_options *options,
                   struct ctd_error *err) {
  const struct ctd_stream_options *streams = options->streams;
  int count = options->terminal ? 2 : 3;
  bool used = options->terminal || streams[0].kind || streams[1].kind || streams[2].kind;
  *out = NULL;
  if (options_check(options, err))
    return -1;
  struct ctd_stdio *stdio = stdio_new(options->terminal, err);
  if (!stdio)
    return -1;
  for (int i = 0; i < count; i++) {
    if (stdio_open_stream(stdio, i, root, id, used, &streams[i], err)) {
      ctd_error_prefix(err, "open %s", stream_names[i]);
      stdio_free(stdio);
      return -1;
    }
  }
  *out = stdio;
  return 0;
}

static bool is_fifo(const char *path) {
  struct stat info;
  return !lstat(path, &info) && S_ISFIFO(info.st_mode);
}

/* The directory that the path is in; the caller frees it. */
static int copy_dir(char **out, const char *path, struct ctd_error *err) {
  const char *slash = strrchr(path, '/');
  *out = ctd_format(err, "%.*s", slash ? (int)(slash - path) : 0, path);
  return *out ? 0 : -1;
}

static int stdio_attach_stream(struct ctd_stdio *stdio, int stream, const char *path,
                               const struct ctd_stream_options *options, struct ctd_error *err) {
  stdio->is_fifo[stream] = is_fifo(path);
  if (ctd_copy_string(&stdio->paths[stream], path, err) ||
      (stdio->is_fifo[stream] && !stdio->dir && copy_dir(&stdio->dir, path, err)))
    return -1;
  if (options->kind == CTD_STREAM_NULL)
    return 0;
  if (options->kind == CTD_STREAM_URI)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "a process that exists can't be given another log");
  if (!stdio->is_fifo[stream])
    return ctd_error_set(err, CTD_FAILED_PRECONDITION, "\"%s\" is not a FIFO", path);
  return stdio_open_flow(stdio, stream, options, err);
}

int ctd_stdio_attach(struct ctd_stdio **out, const char *const paths[3], const struct ctd_stdio_options *options,
                     struct ctd_error *err) {
  int count = options->terminal ? 2 : 3;
  struct ctd_stdio *stdio = stdio_new(options->terminal, err);
  *out = NULL;
  if (!stdio)
    return -1;
  stdio->kept = true;
  for (int i = 0; i < count; i++) {
    if (stdio_attach_stream(stdio, i, paths[i], &options->streams[i], err)) {
      ctd_error_prefix(err, "open %s", stream_names[i]);
      stdio_free(stdio);
      return -1;
    }
  }
  *out = stdio;
  return 0;
}

void ctd_stdio_keep(struct ctd_stdio *stdio) {
  stdio->kept = true;
}

void ctd_stdio_remove(const char *const paths[3]) {
  struct ctd_error ignored = {0};
  for (int i = 0; i < 3; i++) {
    char *dir;
    if (!is_fifo(paths[i]) || unlink(paths[i]) || copy_dir(&dir, paths[i], &ignored))
      continue;
    rmdir(dir);
    free(dir);
  }
  ctd_error_clear(&ignored);
}

const char *ctd_stdio_path(const struct ctd_stdio *stdio, int stream) {
  return stdio->paths[stream] ? stdio->paths[stream] : "";
}

bool ctd_stdio_terminal(const struct ctd_stdio *stdio) {
  return stdio->terminal;
}

int ctd_stdio_tty(const struct ctd_stdio *stdio) {
  return stdio_usable(stdio) ? stdio->tty : -1;
}

/* Whether the caller may use a stream. */
static int stdio_check(const struct ctd_stdio *stdio, int stream, struct ctd_error *err) {
  if (!stdio_usable(stdio))
    return ctd_error_set(err, CTD_FAILED_PRECONDITION, "%s belongs to the process that this one was forked from",
                         stream_names[stream]);
  if (!stdio->flows[stream] || !stdio->for_caller[stream])
    return ctd_error_set(err, CTD_FAILED_PRECONDITION, "%s is not a pipe", stream_names[stream]);
  return 0;
}

int ctd_stdio_read(struct ctd_stdio *stdio, int stream, void *data, size_t capacity, size_t *size,
                   struct ctd_scope *scope, struct ctd_error *err) {
  *size = 0;
  return stdio_check(stdio, stream, err) ? -1 : ctd_flow_read(stdio->flows[stream], data, capacity, size, scope, err);
}

void ctd_stdio_watch(struct ctd_stdio *stdio, int stream, void (*notify)(void *), void *context) {
  ctd_flow_watch(stdio->flows[stream], notify, context);
}

int ctd_stdio_write(struct ctd_stdio *stdio, const void *data, size_t size, size_t *written, struct ctd_scope *scope,
                    struct ctd_error *err) {
  *written = 0;
  return stdio_check(stdio, 0, err) ? -1 : ctd_flow_write(stdio->flows[0], data, size, written, scope, err);
}

int ctd_stdio_close_stdin(struct ctd_stdio *stdio, struct ctd_scope *scope, struct ctd_error *err) {
  if (!stdio->flows[0] || !stdio_usable(stdio))
    return 0;
  return ctd_flow_end(stdio->flows[0], scope, err);
}

void ctd_stdio_on_stdin_end(struct ctd_stdio *stdio, void (*ended)(void *), void *context) {
  if (stdio->flows[0] && !stdio->for_caller[0])
    ctd_flow_on_end(stdio->flows[0], ended, context);
}

void ctd_stdio_stop_stdin(struct ctd_stdio *stdio) {
  if (stdio->flows[0] && stdio_usable(stdio))
    ctd_flow_stop(stdio->flows[0]);
}

int ctd_stdio_wait(struct ctd_stdio *stdio, struct ctd_scope *scope, struct ctd_error *err) {
  for (int i = 1; i < 3 && stdio_usable(stdio); i++)
    if (stdio->flows[i] && ctd_flow_wait(stdio->flows[i], PATIENCE, scope, err))
      return -1;
  return 0;
}

void ctd_stdio_finish(struct ctd_stdio *stdio, struct ctd_scope *scope) {
  if (!stdio_usable(stdio) || atomic_exchange(&stdio->finished, true))
    return;
  ctd_stdio_stop_stdin(stdio);
  for (int i = 1; i < 3; i++)
    if (stdio->flows[i])
      ctd_flow_finish(stdio->flows[i], scope);
  stdio_remove_fifos(stdio);
}

void ctd_stdio_close(struct ctd_stdio *stdio) {
  if (stdio && stdio_usable(stdio))
    stdio_free(stdio);
}
