#include "lua/pipe.h"
#include <stdlib.h>

#define CHUNK 32768

struct ctd_pipe {
  atomic_int references;
  struct ctd_process *task;
  int number;
  ctd_flag busy; /* while a read is under way */
  struct ctd_scan scan;
};

static int pipe_fill(void *context, struct ctd_buffer *buffer, bool *ended, struct ctd_scope *scope,
                     struct ctd_error *err) {
  const struct ctd_pipe *pipe = context;
  char chunk[CHUNK];
  size_t size;
  struct ctd_stdio *stdio = ctd_process_stdio(pipe->task);
  if (!stdio)
    return ctd_error_set(err, CTD_FAILED_PRECONDITION, "the task's streams are closed");
  int result = ctd_stdio_read(stdio, pipe->number, chunk, sizeof chunk, &size, scope, err);
  if (result)
    return result;
  *ended = size == 0;
  return ctd_buffer_append(buffer, chunk, size, err);
}

struct ctd_pipe *ctd_pipe_new(struct ctd_process *task, int number, struct ctd_error *err) {
  struct ctd_pipe *pipe = calloc(1, sizeof *pipe);
  if (!pipe) {
    ctd_error_nomem(err);
    return NULL;
  }
  atomic_init(&pipe->references, 1);
  pipe->task = ctd_process_ref(task);
  pipe->number = number;
  pipe->scan.fill = pipe_fill;
  pipe->scan.context = pipe;
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
  ctd_scan_reset(&pipe->scan);
  free(pipe);
}

struct ctd_process *ctd_pipe_process(const struct ctd_pipe *pipe) {
  return pipe->task;
}

int ctd_pipe_number(const struct ctd_pipe *pipe) {
  return pipe->number;
}

int ctd_pipe_read(struct ctd_pipe *pipe, struct ctd_scan_request *request, struct ctd_scope *scope,
                  struct ctd_error *err) {
  if (!ctd_scope_enter(scope, &pipe->busy))
    return ctd_error_set(err, CTD_FAILED_PRECONDITION, "another read of this stream is under way");
  return ctd_scope_leave(scope, &pipe->busy, ctd_scan_read(&pipe->scan, request, scope, err));
}

void ctd_pipe_watch(struct ctd_pipe *pipe, void (*notify)(void *), void *context) {
  ctd_stdio_watch(ctd_process_stdio(pipe->task), pipe->number, notify, context);
}
