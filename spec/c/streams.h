/*
 * Standard streams in tests, with threads in the place of the shim at the other ends of the FIFOs. Any failure fails
 * the test.
 */
#ifndef STREAMS_H
#define STREAMS_H

#include "client/stdio.h"
#include <pthread.h>

#define STREAMS_MIB ((size_t)1 << 20)

/* Where the FIFOs are; made by a group's setup, which also starts what stays when streams are closed. */
extern char streams_root[];
int streams_setup(void **state);
int streams_teardown(void **state);

extern const struct ctd_stream_options streams_none, streams_by_pipe;
struct ctd_stream_options streams_by_fd(int fd);

struct ctd_stdio *streams_open(struct ctd_stream_options in, struct ctd_stream_options out,
                               struct ctd_stream_options errors);

struct ctd_scope scope_within(double seconds);

/* How many files a directory has; how many descriptors this process. */
int count_entries(const char *path);
int count_fds(void);

/* What a shim writes at an offset. */
char byte_at(size_t offset);

/* Reads a stream to its end in steps, comparing; how much there was. */
size_t streams_read_all(struct ctd_stdio *stdio, int stream, size_t step);
void streams_wait(struct ctd_stdio *stdio);

/* A shim that writes `size` bytes to a FIFO and closes it, or reads one to its end. */
struct shim {
  pthread_t thread;
  const char *fifo;
  size_t size;
  char *read; /* by shim_read, ended by a NUL; to be freed */
};
void *shim_write(void *shim);
void *shim_read(void *shim);
void shim_start(struct shim *shim, void *(*run)(void *), struct ctd_stdio *stdio, int stream, size_t size);
void shim_join(struct shim *shim);

#endif
