/*
 * The standard streams of a task or process: FIFOs between the shim and this process, copied by one thread with epoll
 * for the whole process. Buffers are bounded: a reader that doesn't read stops the writer in the container.
 */
#ifndef CTD_CLIENT_STDIO_H
#define CTD_CLIENT_STDIO_H

#include "base/clock.h"
#include <stddef.h>

#define CTD_DEFAULT_FIFO_ROOT "/run/containerd/fifo"

enum ctd_stream_kind {
  CTD_STREAM_NULL, /* nothing; an empty path goes to the daemon */
  CTD_STREAM_FD,   /* copied from or to a file descriptor, which is duplicated here */
  CTD_STREAM_PIPE, /* read or written through ctd_stdio_read, ctd_stdio_write */
  CTD_STREAM_URI,  /* the shim does it: file:///path, binary:///path?arg; out and err only */
};

struct ctd_stream_options {
  enum ctd_stream_kind kind;
  int fd;          /* CTD_STREAM_FD */
  const char *uri; /* CTD_STREAM_URI, copied */
};

struct ctd_stdio_options {
  struct ctd_stream_options streams[3]; /* stdin, stdout, stderr */
  bool terminal;                        /* one pty: stderr is not used */
};

struct ctd_stdio;

/*
 * Makes a directory with the FIFOs `<id>-stdin` … under `root` (NULL: the default) and opens our ends, before the shim
 * opens its own. The caller closes *out.
 */
int ctd_stdio_open(struct ctd_stdio **out, const char *root, const char *id, const struct ctd_stdio_options *options,
                   struct ctd_error *err);

/* What the request to the daemon says for stream 0, 1, 2: a FIFO's path, a URI or "". Borrowed. */
const char *ctd_stdio_path(const struct ctd_stdio *stdio, int stream);
bool ctd_stdio_terminal(const struct ctd_stdio *stdio);

/*
 * Reads at least one byte of stdout (1) or stderr (2) into `data`; *size 0 is the end. Several threads may read
 * different streams.
 */
int ctd_stdio_read(struct ctd_stdio *stdio, int stream, void *data, size_t capacity, size_t *size,
                   struct ctd_scope *scope, struct ctd_error *err);

/* Writes all bytes to stdin; fails with CTD_FAILED_PRECONDITION once it's closed or the process no longer reads. */
int ctd_stdio_write(struct ctd_stdio *stdio, const void *data, size_t size, struct ctd_scope *scope,
                    struct ctd_error *err);

/* Closes our end of stdin after what was written has gone. The process sees the end only after Tasks/CloseIO too. */
int ctd_stdio_close_stdin(struct ctd_stdio *stdio, struct ctd_scope *scope, struct ctd_error *err);

/*
 * Returns when the outputs that are copied to a file descriptor have ended and all of it is written. Pipes: when they
 * have ended; what nobody has read by then stays readable until ctd_stdio_close, whatever its size.
 */
int ctd_stdio_wait(struct ctd_stdio *stdio, struct ctd_scope *scope, struct ctd_error *err);

/* Stops copying, closes everything and removes the FIFOs and their directory. NULL is fine; twice isn't. */
void ctd_stdio_close(struct ctd_stdio *stdio);

#endif
