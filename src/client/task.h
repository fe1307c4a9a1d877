/* Tasks: a container's first process, and what can be done with all of its processes (containerd.services.tasks.v1). */
#ifndef CTD_CLIENT_TASK_H
#define CTD_CLIENT_TASK_H

#include "client/container.h"
#include "client/process.h"

struct Containerd__Types__Mount;

#ifdef __cplusplus
extern "C" {
#endif

struct ctd_task_options {
  struct ctd_stdio_options stdio;
  struct Containerd__Types__Mount **mounts; /* of the root, in place of the snapshot's; NULL: the snapshot's */
  size_t mount_count;
  struct ctd_image *checkpoint; /* borrowed; it goes on as the task in there was; NULL: it begins */
  const char *checkpoint_path;  /* the same, from what the runtime left in a directory; not beside `checkpoint` */
  json_t *runtime_options;      /* borrowed; fields that are set in those of the container; NULL: none */
};

/*
 * Creates the container's task, not started; on failure no task, FIFO or file descriptor stays. When the scope ends
 * while the daemon is at it, the task is completed first and then deleted, since daemons don't clean up what is broken
 * off. A terminal in the streams without one in the container's spec, or the reverse, is CTD_INVALID_ARGUMENT. The
 * caller unrefs *out.
 */
int ctd_task_create(struct ctd_container *container, const struct ctd_task_options *options, struct ctd_scope *scope,
                    struct ctd_process **out, struct ctd_error *err);

/* The task that exists, without streams; CTD_NOT_FOUND if none does. One RPC. The caller unrefs *out. */
int ctd_task_load(struct ctd_container *container, struct ctd_scope *scope, struct ctd_process **out,
                  struct ctd_error *err);

/* For the files of this floor: kills and deletes what a caller doesn't wait for any more. */
void ctd_task_undo(struct ctd_process *process);

struct ctd_exec_options {
  struct ctd_runtime_options process; /* those of a process and of capabilities; others are the container's */
  struct ctd_stdio_options stdio;     /* its terminal is the process's, whatever the container has */
};

/*
 * Adds a process to the container of a task; it isn't started. As with ctd_task_create nothing stays on failure. The
 * caller unrefs *out.
 */
int ctd_task_exec(struct ctd_process *task, const char *exec_id, const struct ctd_exec_options *options,
                  struct ctd_scope *scope, struct ctd_process **out, struct ctd_error *err);

/* A process that was added, by whomever, without streams; CTD_NOT_FOUND. One RPC. The caller unrefs *out. */
int ctd_task_process(struct ctd_process *task, const char *exec_id, struct ctd_scope *scope, struct ctd_process **out,
                     struct ctd_error *err);

/* Stops all processes of the container where they are, and lets them go on. One RPC each. */
int ctd_task_pause(struct ctd_process *task, struct ctd_scope *scope, struct ctd_error *err);
int ctd_task_resume(struct ctd_process *task, struct ctd_scope *scope, struct ctd_error *err);

/* The container's processes, as the daemon sees them. One RPC; the caller frees *out. */
struct ctd_task_pid {
  uint32_t pid;
  char *exec_id; /* owned; NULL: the task, or what a process in the container has started */
};
struct ctd_task_pids {
  struct ctd_task_pid *items;
  size_t count;
};
int ctd_task_pids(struct ctd_process *task, struct ctd_scope *scope, struct ctd_task_pids *out, struct ctd_error *err);
void ctd_task_pids_free(struct ctd_task_pids *pids);

struct ctd_task_update {
  struct ctd_runtime_options limits; /* those of resources; what isn't given stays */
  const json_t *resources;           /* more of them, as in the OCI spec's linux.resources; or NULL; borrowed */
  struct ctd_labels annotations;     /* for the runtime */
};

/* Changes the limits of a running task. The container's spec stays as it is. One RPC. */
int ctd_task_update(struct ctd_process *task, const struct ctd_task_update *update, struct ctd_scope *scope,
                    struct ctd_error *err);

#ifdef __cplusplus
}
#endif

#endif
