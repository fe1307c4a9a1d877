/* Reading by lines, sizes or whole, as Lua's files are read, from whatever gives bytes; without Lua. */
#ifndef CTD_LUA_SCAN_H
#define CTD_LUA_SCAN_H

#include "base/buffer.h"
#include "base/clock.h"

enum ctd_scan_format {
  CTD_SCAN_LINE,      /* without its newline */
  CTD_SCAN_FULL_LINE, /* with it */
  CTD_SCAN_ALL,
  CTD_SCAN_SIZE, /* at most so many bytes */
};

struct ctd_scan {
  /*
   * Appends bytes that come next, or sets *ended; when its scope ends, or it's pending, it may be called again, and
   * nothing is lost.
   */
  int (*fill)(void *context, struct ctd_buffer *buffer, bool *ended, struct ctd_scope *scope, struct ctd_error *err);
  void *context;
  struct ctd_buffer buffer; /* what came and nobody has read starts at `start` */
  size_t start;
  size_t searched; /* so many of it are known to have no newline */
  bool ended;
  bool filled; /* in this run */
};

/* What was read. */
struct ctd_scan_text {
  char *data; /* owned; NULL: nothing, it was the end */
  size_t size;
};

/* What is wanted, one after the other. */
struct ctd_scan_item {
  enum ctd_scan_format format;
  size_t size;
  struct ctd_scan_text text;
};
struct ctd_scan_request {
  size_t count, next; /* of items; those before `next` are read */
  struct ctd_scan_item *items;
};

/*
 * Reads as io.read would: at the end CTD_SCAN_ALL gives an empty text, all others none, and what comes after that is
 * left out of `count`. It may be called again after its scope has ended. In a nowait scope it is pending after what
 * `fill` gives once, however much that has: whoever goes on with it has others to care for. The caller frees the texts.
 */
int ctd_scan_read(struct ctd_scan *scan, struct ctd_scan_request *request, struct ctd_scope *scope,
                  struct ctd_error *err);

/* How many bytes came that nobody has read. */
size_t ctd_scan_available(const struct ctd_scan *scan);

/* Forgets them, and an end. */
void ctd_scan_reset(struct ctd_scan *scan);

#endif
