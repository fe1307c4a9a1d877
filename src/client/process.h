/*
 * Processes of containers: the first one of a container, which is its task, and those that are run beside it. To the
 * daemon (containerd.services.tasks.v1) both are the same but for an exec id, which a task doesn't have.
 */
#ifndef CTD_CLIENT_PROCESS_H
#define CTD_CLIENT_PROCESS_H

#include "client/client.h"
#include "client/stdio.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Shared by reference. It keeps its client, and its streams until it is deleted or closed. */
struct ctd_process;

/*
 * For the files of this floor: a process that the daemon doesn't have yet, with its streams, which it takes over, also
 * on failure; and what is to be done when the daemon has it. `exec_id` "": a task. The caller unrefs *out.
 */
int ctd_process_new(struct ctd_client *client, const char *id, const char *exec_id, struct ctd_stdio *stdio,
                    struct ctd_process **out, struct ctd_error *err);
void ctd_process_created(struct ctd_process *process, uint32_t pid);

/*
 * For the files of this floor: "<op> <task or process>" before the message, see ctd_client_failed; and what the
 * daemon knows of the process, which the caller frees with protobuf_c_message_free_unpacked.
 */
int ctd_process_failed(const struct ctd_process *process, struct ctd_error *err, const char *op);
struct Containerd__Services__Tasks__V1__GetResponse;
int ctd_process_get(const struct ctd_process *process, struct Containerd__Services__Tasks__V1__GetResponse **reply,
                    struct ctd_scope *scope, struct ctd_error *err);

struct ctd_process *ctd_process_ref(struct ctd_process *process);
void ctd_process_unref(struct ctd_process *process); /* NULL is fine; the streams are closed, the process goes on */

struct ctd_client *ctd_process_client(const struct ctd_process *process); /* borrowed */
const char *ctd_process_id(const struct ctd_process *process);            /* of the container */
const char *ctd_process_exec_id(const struct ctd_process *process);       /* "": a task */
uint32_t ctd_process_pid(const struct ctd_process *process);              /* 0: a process that hasn't started */
struct ctd_stdio *ctd_process_stdio(const struct ctd_process *process);   /* borrowed; NULL: none */

/*
 * Starts it. If its terminal gets its input from a terminal of this process, that is raw, and its size followed, until
 * the process has been waited for, deleted or closed, or doesn't start.
 */
int ctd_process_start(struct ctd_process *process, struct ctd_scope *scope, struct ctd_error *err);

/*
 * Opens streams on the FIFOs of a process that has none here, for which whoever made it may be gone. Its terminal is
 * what it is; a stream that isn't asked for is left alone. CTD_FAILED_PRECONDITION: it has stopped, its streams are
 * open here already, or one that is asked for isn't a FIFO.
 */
int ctd_process_attach(struct ctd_process *process, const struct ctd_stdio_options *options, struct ctd_scope *scope,
                       struct ctd_error *err);

struct ctd_exit {
  uint32_t code;
  double exited_at; /* epoch */
};

/* Waits for the exit, also for one in the past. One RPC: a wait sent before the start never misses the exit. */
int ctd_process_wait(struct ctd_process *process, struct ctd_scope *scope, struct ctd_exit *out, struct ctd_error *err);

/* One RPC. `signal` is its number here; `all`: all processes of the container. */
int ctd_process_kill(struct ctd_process *process, int signal, bool all, struct ctd_scope *scope, struct ctd_error *err);

/* One RPC. The terminal's size, in characters. */
int ctd_process_resize(struct ctd_process *process, uint32_t width, uint32_t height, struct ctd_scope *scope,
                       struct ctd_error *err);

struct ctd_process_status {
  const char *status; /* "created", "running", "stopped", "paused", "pausing", "unknown"; static */
  uint32_t pid;
  struct ctd_exit exit; /* of a stopped one */
};
/* One RPC. */
int ctd_process_status(struct ctd_process *process, struct ctd_scope *scope, struct ctd_process_status *out,
                       struct ctd_error *err);

/*
 * Writes all bytes to its stdin; CTD_FAILED_PRECONDITION once that is closed, or the process has exited or no longer
 * reads. Not one RPC.
 */
int ctd_process_write(struct ctd_process *process, const void *data, size_t size, struct ctd_scope *scope,
                      struct ctd_error *err);

/* No more input: closes our end of stdin after what was written has gone, and tells the shim. Not one RPC. */
int ctd_process_close_stdin(struct ctd_process *process, struct ctd_scope *scope, struct ctd_error *err);

/*
 * Deletes a stopped (or never started) process; `kill` kills and waits first. All output has been read when it returns,
 * and the streams are closed, except that what nobody has read of pipes stays readable. FIFOs go, whoever made them.
 */
int ctd_process_delete(struct ctd_process *process, bool kill, struct ctd_scope *scope, struct ctd_exit *out,
                       struct ctd_error *err);

/* "SIGTERM", "term", "RTMIN+3", "15" → the number; 0 for an unknown one. */
int ctd_signal_number(const char *name);

#ifdef __cplusplus
}
#endif

#endif
