/* A growing byte string. A zeroed struct is an empty buffer; `data` is always followed by a NUL once it isn't NULL. */
#ifndef CTD_BASE_BUFFER_H
#define CTD_BASE_BUFFER_H

#include "base/error.h"
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ctd_buffer {
  char *data; /* owned */
  size_t size, capacity;
};

/* All return 0, or −1 when memory is short, and then leave the buffer as it was. */
int ctd_buffer_append(struct ctd_buffer *buffer, const void *data, size_t size, struct ctd_error *err);
int ctd_buffer_printf(struct ctd_buffer *buffer, struct ctd_error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Frees the bytes and zeroes the struct. */
void ctd_buffer_free(struct ctd_buffer *buffer);

/* A string of its own made by a format; NULL and *err set when memory is short. The caller frees it. */
char *ctd_format(struct ctd_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* strdup with an error; NULL stays NULL without one. The caller frees it. */
int ctd_copy_string(char **out, const char *string, struct ctd_error *err);

/* Reads a regular file whole, at most `limit` bytes (more is CTD_OUT_OF_RANGE); a missing one is CTD_NOT_FOUND. */
int ctd_buffer_read_file(struct ctd_buffer *buffer, const char *path, size_t limit, struct ctd_error *err);

#ifdef __cplusplus
}
#endif

#endif
