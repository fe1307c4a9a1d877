/* Tasks: a container's running process (containerd.services.tasks.v1). */
#ifndef CTD_CLIENT_TASK_H
#define CTD_CLIENT_TASK_H

#include "client/container.h"
#include "client/stdio.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A task of a container; shared by reference. It keeps its client, and its streams until it is deleted or closed. */
struct ctd_task;

struct ctd_task_options {
  struct ctd_stdio_options stdio;
};

/*
 * Creates the container's task, not started; on failure no task, FIFO or file descriptor stays. When the scope ends
 * while the daemon is at it, the task is completed first and then deleted, since daemons don't clean up what is broken
 * off. A terminal in the streams without one in the container's spec, or the reverse, is CTD_INVALID_ARGUMENT. The
 * caller unrefs *out.
 */
int ctd_task_create(struct ctd_container *container, const struct ctd_task_options *options, struct ctd_scope *scope,
                    struct ctd_task **out, struct ctd_error *err);

/*
 * For the files of this floor: a task that the daemon doesn't have yet, with its streams, which it takes over, also on
 * failure; and what is to be done when the daemon has it. The caller unrefs *out.
 */
int ctd_task_new(struct ctd_container *container, struct ctd_stdio *stdio, struct ctd_task **out,
                 struct ctd_error *err);
void ctd_task_created(struct ctd_task *task, uint32_t pid);

/* The task that exists, without streams; CTD_NOT_FOUND if none does. One RPC. The caller unrefs *out. */
int ctd_task_load(struct ctd_container *container, struct ctd_scope *scope, struct ctd_task **out,
                  struct ctd_error *err);

struct ctd_task *ctd_task_ref(struct ctd_task *task);
void ctd_task_unref(struct ctd_task *task); /* NULL is fine; the streams are closed, the daemon's task stays */

struct ctd_client *ctd_task_client(const struct ctd_task *task); /* borrowed */
const char *ctd_task_id(const struct ctd_task *task);
uint32_t ctd_task_pid(const struct ctd_task *task);
struct ctd_stdio *ctd_task_stdio(const struct ctd_task *task); /* borrowed; NULL: none */

/* One RPC. */
int ctd_task_start(struct ctd_task *task, struct ctd_scope *scope, struct ctd_error *err);

struct ctd_exit {
  uint32_t code;
  double exited_at; /* epoch */
};

/* Waits for the exit, also for one in the past. One RPC: a wait sent before the start never misses the exit. */
int ctd_task_wait(struct ctd_task *task, struct ctd_scope *scope, struct ctd_exit *out, struct ctd_error *err);

/* One RPC. `signal` is its number here; `all`: the other processes of the task too. */
int ctd_task_kill(struct ctd_task *task, int signal, bool all, struct ctd_scope *scope, struct ctd_error *err);

struct ctd_task_status {
  const char *status; /* "created", "running", "stopped", "paused", "pausing", "unknown"; static */
  uint32_t pid;
  struct ctd_exit exit; /* of a stopped task */
};
/* One RPC. */
int ctd_task_status(struct ctd_task *task, struct ctd_scope *scope, struct ctd_task_status *out, struct ctd_error *err);

/*
 * Writes all bytes to its stdin; CTD_FAILED_PRECONDITION once that is closed, or the process has exited or no longer
 * reads. Not one RPC.
 */
int ctd_task_write(struct ctd_task *task, const void *data, size_t size, struct ctd_scope *scope,
                   struct ctd_error *err);

/* No more input: closes our end of stdin after what was written has gone, and tells the shim. Not one RPC. */
int ctd_task_close_stdin(struct ctd_task *task, struct ctd_scope *scope, struct ctd_error *err);

/*
 * Deletes a stopped (or never started) task; `kill` kills and waits first. All output has been read when it returns,
 * and the streams are closed, except that what nobody has read of pipes stays readable.
 */
int ctd_task_delete(struct ctd_task *task, bool kill, struct ctd_scope *scope, struct ctd_exit *out,
                    struct ctd_error *err);

/* "SIGTERM", "term", "RTMIN+3", "15" → the number; 0 for an unknown one. */
int ctd_signal_number(const char *name);

#ifdef __cplusplus
}
#endif

#endif
