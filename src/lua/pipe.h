/* Reading a task's output by lines, sizes or whole, as Lua's files are read; without Lua. Shared by reference. */
#ifndef CTD_LUA_PIPE_H
#define CTD_LUA_PIPE_H

#include "client/task.h"
#include "lua/scan.h"

struct ctd_pipe;

/* Stream 0, 1 or 2 of a task; it keeps the task. The caller unrefs it. */
struct ctd_pipe *ctd_pipe_new(struct ctd_process *task, int number, struct ctd_error *err);

struct ctd_pipe *ctd_pipe_ref(struct ctd_pipe *pipe);
void ctd_pipe_unref(struct ctd_pipe *pipe);

struct ctd_process *ctd_pipe_process(const struct ctd_pipe *pipe); /* borrowed */
int ctd_pipe_number(const struct ctd_pipe *pipe);

/*
 * Reads what is wanted, see lua/scan.h; what came isn't lost when the scope ends. CTD_FAILED_PRECONDITION while another
 * read is under way, or when the streams are closed.
 */
int ctd_pipe_read(struct ctd_pipe *pipe, struct ctd_scan_request *request, struct ctd_scope *scope,
                  struct ctd_error *err);

/* While a read is pending, see ctd_stdio_watch. */
void ctd_pipe_watch(struct ctd_pipe *pipe, void (*notify)(void *), void *context);

#endif
