/*
 * The standard streams of a task or process: FIFOs between the shim and this process, copied by one thread with epoll
 * for the whole process. Buffers are bounded: a reader that doesn't read stops the writer in the container.
 *
 * In a forked child the streams can't be used, and closing them only leaks.
 */
#ifndef CTD_CLIENT_STDIO_H
#define CTD_CLIENT_STDIO_H

#include "base/clock.h"
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CTD_DEFAULT_FIFO_ROOT "/run/containerd/fifo"

enum ctd_stream_kind {
  CTD_STREAM_NULL, /* nothing */
  CTD_STREAM_FD,   /* copied from or to a file descriptor, which is duplicated here */
  CTD_STREAM_PIPE, /* read or written through ctd_stdio_read, ctd_stdio_write */
  CTD_STREAM_URI,  /* the shim does it: file:///path, binary:///path?arg; for stdout and stderr, the same for both */
};

struct ctd_stream_options {
  enum ctd_stream_kind kind;
  int fd;          /* CTD_STREAM_FD */
  const char *uri; /* CTD_STREAM_URI, copied */
};

struct ctd_stdio_options {
  struct ctd_stream_options streams[3]; /* stdin, stdout, stderr */
  bool terminal;                        /* one pty: stderr is not looked at */
};

struct ctd_stdio;

/*
 * Makes a directory with the FIFOs `<id>-stdin` … under `root` (NULL: the default) and opens our ends, before the shim
 * opens its own. The caller closes *out.
 */
int ctd_stdio_open(struct ctd_stdio **out, const char *root, const char *id, const struct ctd_stdio_options *options,
                   struct ctd_error *err);

/*
 * The same for a process that has its streams already: opens our ends of its FIFOs, at `paths` as the daemon tells
 * them. CTD_FAILED_PRECONDITION: one that is asked for isn't a FIFO. Like one that is kept, it leaves the FIFOs when
 * it's closed. The caller closes *out.
 */
int ctd_stdio_attach(struct ctd_stdio **out, const char *const paths[3], const struct ctd_stdio_options *options,
                     struct ctd_error *err);

/* The daemon has a process with these FIFOs: they stay until that is deleted (ctd_stdio_finish), for others to open. */
void ctd_stdio_keep(struct ctd_stdio *stdio);

/* Removes FIFOs that others made, and their directory if it's empty then; what isn't a FIFO stays. */
void ctd_stdio_remove(const char *const paths[3]);

/* What the request to the daemon says for stream 0, 1, 2: a FIFO's path, /dev/null, a URI or "". Borrowed. */
const char *ctd_stdio_path(const struct ctd_stdio *stdio, int stream);
bool ctd_stdio_terminal(const struct ctd_stdio *stdio);

/* The terminal of this process that stdin is copied from, if the process has one too; else −1. Borrowed. */
int ctd_stdio_tty(const struct ctd_stdio *stdio);

/*
 * Reads at least one byte of stdout (1) or stderr (2) into `data`; *size 0 is the end. Several threads may read
 * different streams. CTD_PENDING: there is nothing yet, in a nowait scope.
 */
int ctd_stdio_read(struct ctd_stdio *stdio, int stream, void *data, size_t capacity, size_t *size,
                   struct ctd_scope *scope, struct ctd_error *err);

/*
 * For who was told CTD_PENDING by this stream: has `notify` called, once, when ctd_stdio_read returns at once: on a
 * thread of the library, or at once on this one. It must not block nor use the streams. NULL: not any more; when this
 * returns it isn't running either.
 */
void ctd_stdio_watch(struct ctd_stdio *stdio, int stream, void (*notify)(void *), void *context);

/*
 * Writes all bytes to stdin; fails with CTD_FAILED_PRECONDITION once it's closed or the process no longer reads.
 * *written, also on failure: so many were taken.
 */
int ctd_stdio_write(struct ctd_stdio *stdio, const void *data, size_t size, size_t *written, struct ctd_scope *scope,
                    struct ctd_error *err);

/*
 * Ends stdin and closes our end of it after what was written has gone; one that is copied from a file descriptor is not
 * read on. The process sees the end only after Tasks/CloseIO too. Without a stdin, nothing.
 */
int ctd_stdio_close_stdin(struct ctd_stdio *stdio, struct ctd_scope *scope, struct ctd_error *err);

/*
 * Has `ended` called, on a thread of the library, when the file descriptor that is copied to stdin has come to its end
 * and our end of stdin is closed: it's time for Tasks/CloseIO. It must not block nor use the streams; it's not called
 * any more when ctd_stdio_close has returned.
 */
void ctd_stdio_on_stdin_end(struct ctd_stdio *stdio, void (*ended)(void *), void *context);

/* The process is gone: takes nothing more from where stdin comes from. */
void ctd_stdio_stop_stdin(struct ctd_stdio *stdio);

/*
 * For a process that has exited: returns when the outputs that are copied to a file descriptor have ended and all of it
 * is written. Pipes: when they have ended; what nobody has read by then stays readable until ctd_stdio_close, whatever
 * its size. An output that something else holds open, and that is silent, isn't waited for longer than two seconds.
 */
int ctd_stdio_wait(struct ctd_stdio *stdio, struct ctd_scope *scope, struct ctd_error *err);

/*
 * For a process that the daemon has deleted: takes what is left in the FIFOs as the last, writes it, and removes the
 * FIFOs and their directory. What can't be written before the scope is over is lost. What nobody has read of pipes
 * stays readable.
 */
void ctd_stdio_finish(struct ctd_stdio *stdio, struct ctd_scope *scope);

/* Stops copying, closes everything, removes FIFOs that aren't kept and their directory, and frees. NULL is fine. */
void ctd_stdio_close(struct ctd_stdio *stdio);

#ifdef __cplusplus
}
#endif

#endif
