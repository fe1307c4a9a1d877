#include "base/buffer.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int buffer_reserve(struct ctd_buffer *buffer, size_t more, struct ctd_error *err) {
  if (more > SIZE_MAX / 4 || buffer->size > SIZE_MAX / 4)
    return ctd_error_nomem(err);
  size_t need = buffer->size + more + 1;
  if (need <= buffer->capacity)
    return 0;
  size_t capacity = buffer->capacity ? buffer->capacity * 2 : 256;
  while (capacity < need)
    capacity *= 2;
  char *data = realloc(buffer->data, capacity);
  if (!data)
    return ctd_error_nomem(err);
  buffer->data = data;
  buffer->capacity = capacity;
  return 0;
}

int ctd_buffer_append(struct ctd_buffer *buffer, const void *data, size_t size, struct ctd_error *err) {
  if (buffer_reserve(buffer, size, err))
    return -1;
  if (size)
    memcpy(buffer->data + buffer->size, data, size);
  buffer->size += size;
  buffer->data[buffer->size] = '\0';
  return 0;
}

int ctd_buffer_printf(struct ctd_buffer *buffer, struct ctd_error *err, const char *format, ...) {
  va_list args;
  va_start(args, format);
  int size = vsnprintf(NULL, 0, format, args);
  va_end(args);
  if (size < 0 || buffer_reserve(buffer, (size_t)size, err))
    return size < 0 ? ctd_error_nomem(err) : -1;
  va_start(args, format);
  vsnprintf(buffer->data + buffer->size, (size_t)size + 1, format, args);
  va_end(args);
  buffer->size += (size_t)size;
  return 0;
}

void ctd_buffer_free(struct ctd_buffer *buffer) {
  free(buffer->data);
  memset(buffer, 0, sizeof *buffer);
}

char *ctd_format(struct ctd_error *err, const char *format, ...) {
  char *out = NULL;
  va_list args;
  va_start(args, format);
  int size = vasprintf(&out, format, args);
  va_end(args);
  if (size >= 0)
    return out;
  ctd_error_nomem(err);
  return NULL;
}

int ctd_copy_string(char **out, const char *string, struct ctd_error *err) {
  *out = string ? strdup(string) : NULL;
  return string && !*out ? ctd_error_nomem(err) : 0;
}

static int read_fd(struct ctd_buffer *buffer, int fd, const char *path, size_t limit, struct ctd_error *err) {
  struct stat info;
  char chunk[16384];
  ssize_t n;
  if (fstat(fd, &info))
    return ctd_error_errno(err, errno, "%s", path);
  if (!S_ISREG(info.st_mode))
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "%s: not a regular file", path);
  while ((n = read(fd, chunk, sizeof chunk)) > 0) {
    if ((size_t)n > limit)
      return ctd_error_set(err, CTD_OUT_OF_RANGE, "%s: larger than allowed", path);
    limit -= (size_t)n;
    if (ctd_buffer_append(buffer, chunk, (size_t)n, err))
      return -1;
  }
  return n < 0 ? ctd_error_errno(err, errno, "%s", path) : 0;
}

int ctd_buffer_read_file(struct ctd_buffer *buffer, const char *path, size_t limit, struct ctd_error *err) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    return ctd_error_errno(err, errno, "%s", path);
  int result = read_fd(buffer, fd, path, limit, err);
  close(fd);
  return result;
}
