/* Reading a task's output by lines, sizes or whole, as Lua's files are read; without Lua. Shared by reference. */
#ifndef CTD_LUA_PIPE_H
#define CTD_LUA_PIPE_H

#include "client/task.h"

struct ctd_pipe;

/* Stream 0, 1 or 2 of a task; it keeps the task. The caller unrefs it. */
struct ctd_pipe *ctd_pipe_new(struct ctd_process *task, int number, struct ctd_error *err);

struct ctd_pipe *ctd_pipe_ref(struct ctd_pipe *pipe);
void ctd_pipe_unref(struct ctd_pipe *pipe);

struct ctd_process *ctd_pipe_process(const struct ctd_pipe *pipe); /* borrowed */
int ctd_pipe_number(const struct ctd_pipe *pipe);

enum ctd_pipe_format {
  CTD_PIPE_LINE,      /* without its newline */
  CTD_PIPE_FULL_LINE, /* with it */
  CTD_PIPE_ALL,
  CTD_PIPE_SIZE, /* at most so many bytes */
};

/* What was read. */
struct ctd_text {
  char *data; /* owned; NULL: nothing, it was the end */
  size_t size;
};

/*
 * Reads as io.read would, which at the end gives nothing, or for CTD_PIPE_ALL an empty text. It may be called again
 * after its scope has ended: nothing that came is lost. CTD_FAILED_PRECONDITION while another thread reads, or when the
 * streams are closed. The caller frees out->data.
 */
int ctd_pipe_read(struct ctd_pipe *pipe, enum ctd_pipe_format format, size_t size, struct ctd_text *out,
                  struct ctd_scope *scope, struct ctd_error *err);

#endif
