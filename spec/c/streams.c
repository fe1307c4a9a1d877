#include "streams.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char streams_root[] = "/tmp/client_stdio_test.XXXXXX";

const struct ctd_stream_options streams_none = {.kind = CTD_STREAM_NULL}, streams_by_pipe = {.kind = CTD_STREAM_PIPE};

struct ctd_scope scope_within(double seconds) {
  struct ctd_scope scope;
  ctd_scope_init(&scope, seconds);
  return scope;
}

int count_entries(const char *path) {
  int count = 0;
  DIR *dir = opendir(path);
  for (struct dirent *entry; (entry = readdir(dir));)
    count += entry->d_name[0] != '.';
  closedir(dir);
  return count;
}

int count_fds(void) {
  return count_entries("/proc/self/fd") - 1;
}

char byte_at(size_t offset) {
  return (char)(offset * 31 + (offset >> 8));
}

void *shim_write(void *argument) {
  struct shim *shim = argument;
  int fd = open(shim->fifo, O_WRONLY);
  for (size_t done = 0; done < shim->size;) {
    char chunk[5000];
    size_t size = 0;
    for (; size < sizeof chunk && done + size < shim->size; size++)
      chunk[size] = byte_at(done + size);
    ssize_t n = write(fd, chunk, size);
    if (n < 0)
      break;
    done += (size_t)n;
  }
  close(fd);
  return NULL;
}

void *shim_read(void *argument) {
  struct shim *shim = argument;
  int fd = open(shim->fifo, O_RDONLY);
  shim->read = calloc(1, 4 * STREAMS_MIB + 1);
  for (ssize_t n;
       shim->size < 4 * STREAMS_MIB && (n = read(fd, shim->read + shim->size, 4 * STREAMS_MIB - shim->size)) > 0;)
    shim->size += (size_t)n;
  close(fd);
  return NULL;
}

void shim_start(struct shim *shim, void *(*run)(void *), struct ctd_stdio *stdio, int stream, size_t size) {
  *shim = (struct shim){.fifo = ctd_stdio_path(stdio, stream), .size = size};
  assert_int_equal(pthread_create(&shim->thread, NULL, run, shim), 0);
}

void shim_join(struct shim *shim) {
  pthread_join(shim->thread, NULL);
}

struct ctd_stream_options streams_by_fd(int fd) {
  return (struct ctd_stream_options){.kind = CTD_STREAM_FD, .fd = fd};
}

struct ctd_stdio *streams_open(struct ctd_stream_options in, struct ctd_stream_options out,
                               struct ctd_stream_options errors) {
  struct ctd_stdio_options options = {{in, out, errors}, false};
  struct ctd_stdio *stdio;
  struct ctd_error err = {0};
  if (ctd_stdio_open(&stdio, streams_root, "web", &options, &err))
    fail_msg("%s", err.message);
  return stdio;
}

size_t streams_read_all(struct ctd_stdio *stdio, int stream, size_t step) {
  struct ctd_scope scope = scope_within(20);
  struct ctd_error err = {0};
  char *data = malloc(step);
  size_t total = 0, size;
  for (;;) {
    if (ctd_stdio_read(stdio, stream, data, step, &size, &scope, &err))
      fail_msg("%s", err.message);
    if (!size)
      break;
    for (size_t i = 0; i < size; i++)
      if (data[i] != byte_at(total + i))
        fail_msg("wrong byte at %zu", total + i);
    total += size;
  }
  free(data);
  return total;
}

void streams_wait(struct ctd_stdio *stdio) {
  struct ctd_scope scope = scope_within(20);
  struct ctd_error err = {0};
  if (ctd_stdio_wait(stdio, &scope, &err))
    fail_msg("%s", err.message);
}

/* The first streams start the thread and its descriptors, which stay. */
int streams_setup(void **state) {
  (void)state;
  if (!mkdtemp(streams_root))
    return -1;
  ctd_stdio_close(streams_open(streams_none, streams_by_pipe, streams_none));
  return 0;
}

int streams_teardown(void **state) {
  (void)state;
  return rmdir(streams_root);
}
