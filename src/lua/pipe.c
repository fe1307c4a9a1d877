#include "lua/pipe.h"
#include "base/buffer.h"
#include <stdlib.h>
#include <string.h>

#define CHUNK 32768

struct ctd_pipe {
  atomic_int references;
  struct ctd_process *task;
  int number;
  atomic_flag busy;         /* while a thread reads */
  struct ctd_buffer buffer; /* what came and nobody has read starts at `start` */
  size_t start;
  bool ended;
};

struct ctd_pipe *ctd_pipe_new(struct ctd_process *task, int number, struct ctd_error *err) {
  struct ctd_pipe *pipe = calloc(1, sizeof *pipe);
  if (!pipe) {
    ctd_error_nomem(err);
    return NULL;
  }
  atomic_init(&pipe->references, 1);
  pipe->task = ctd_process_ref(task);
  pipe->number = number;
  atomic_flag_clear(&pipe->busy);
  return pipe;
}

struct ctd_pipe *ctd_pipe_ref(struct ctd_pipe *pipe) {
  atomic_fetch_add(&pipe->references, 1);
  return pipe;
}

void ctd_pipe_unref(struct ctd_pipe *pipe) {
  if (!pipe || atomic_fetch_sub(&pipe->references, 1) > 1)
    return;
  ctd_process_unref(pipe->task);
  ctd_buffer_free(&pipe->buffer);
  free(pipe);
}

struct ctd_process *ctd_pipe_process(const struct ctd_pipe *pipe) {
  return pipe->task;
}

int ctd_pipe_number(const struct ctd_pipe *pipe) {
  return pipe->number;
}

static size_t pipe_available(const struct ctd_pipe *pipe) {
  return pipe->buffer.size - pipe->start;
}

/* Moves what nobody has read to the front, and adds what comes next. */
static int pipe_fill(struct ctd_pipe *pipe, struct ctd_scope *scope, struct ctd_error *err) {
  char chunk[CHUNK];
  size_t size;
  struct ctd_stdio *stdio = ctd_process_stdio(pipe->task);
  if (!stdio)
    return ctd_error_set(err, CTD_FAILED_PRECONDITION, "the task's streams are closed");
  if (pipe->start) {
    memmove(pipe->buffer.data, pipe->buffer.data + pipe->start, pipe_available(pipe));
    pipe->buffer.size = pipe_available(pipe);
    pipe->start = 0;
  }
  if (ctd_stdio_read(stdio, pipe->number, chunk, sizeof chunk, &size, scope, err))
    return -1;
  pipe->ended = size == 0;
  return ctd_buffer_append(&pipe->buffer, chunk, size, err);
}

/* Gives the first `size` bytes, and drops `skip` behind them. */
static int pipe_take(struct ctd_pipe *pipe, size_t size, size_t skip, struct ctd_text *out, struct ctd_error *err) {
  out->data = malloc(size + 1);
  if (!out->data)
    return ctd_error_nomem(err);
  if (size)
    memcpy(out->data, pipe->buffer.data + pipe->start, size);
  out->size = size;
  pipe->start += size + skip;
  return 0;
}

/* `searched` bytes are known to have no newline. */
static const char *pipe_newline(const struct ctd_pipe *pipe, size_t searched) {
  size_t left = pipe_available(pipe) - searched;
  return left ? memchr(pipe->buffer.data + pipe->start + searched, '\n', left) : NULL;
}

static int pipe_read_line(struct ctd_pipe *pipe, bool full, struct ctd_text *out, struct ctd_scope *scope,
                          struct ctd_error *err) {
  size_t searched = 0;
  const char *newline;
  while (!(newline = pipe_newline(pipe, searched)) && !pipe->ended) {
    searched = pipe_available(pipe);
    if (pipe_fill(pipe, scope, err))
      return -1;
  }
  if (newline) {
    size_t length = (size_t)(newline - pipe->buffer.data) - pipe->start;
    return pipe_take(pipe, length + full, !full, out, err);
  }
  return pipe_available(pipe) ? pipe_take(pipe, pipe_available(pipe), 0, out, err) : 0;
}

static int pipe_read_all(struct ctd_pipe *pipe, struct ctd_text *out, struct ctd_scope *scope, struct ctd_error *err) {
  while (!pipe->ended)
    if (pipe_fill(pipe, scope, err))
      return -1;
  return pipe_take(pipe, pipe_available(pipe), 0, out, err);
}

/* 0 bytes are there unless it's the end. */
static int pipe_read_size(struct ctd_pipe *pipe, size_t size, struct ctd_text *out, struct ctd_scope *scope,
                          struct ctd_error *err) {
  while (pipe_available(pipe) < (size ? size : 1) && !pipe->ended)
    if (pipe_fill(pipe, scope, err))
      return -1;
  size_t there = pipe_available(pipe);
  return there ? pipe_take(pipe, there < size ? there : size, 0, out, err) : 0;
}

static int pipe_read(struct ctd_pipe *pipe, enum ctd_pipe_format format, size_t size, struct ctd_text *out,
                     struct ctd_scope *scope, struct ctd_error *err) {
  switch (format) {
  case CTD_PIPE_ALL:
    return pipe_read_all(pipe, out, scope, err);
  case CTD_PIPE_SIZE:
    return pipe_read_size(pipe, size, out, scope, err);
  default:
    return pipe_read_line(pipe, format == CTD_PIPE_FULL_LINE, out, scope, err);
  }
}

int ctd_pipe_read(struct ctd_pipe *pipe, enum ctd_pipe_format format, size_t size, struct ctd_text *out,
                  struct ctd_scope *scope, struct ctd_error *err) {
  if (atomic_flag_test_and_set(&pipe->busy))
    return ctd_error_set(err, CTD_FAILED_PRECONDITION, "another read of this stream is under way");
  int result = pipe_read(pipe, format, size, out, scope, err);
  atomic_flag_clear(&pipe->busy);
  return result;
}
