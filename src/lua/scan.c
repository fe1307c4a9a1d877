#include "lua/scan.h"
#include <stdlib.h>
#include <string.h>

/* Bytes from which on a text isn't copied. Below, the copy costs less than fresh memory for what comes next. */
#define LARGE ((size_t)2 << 20)

size_t ctd_scan_available(const struct ctd_scan *scan) {
  return scan->buffer.size - scan->start;
}

void ctd_scan_reset(struct ctd_scan *scan) {
  ctd_buffer_free(&scan->buffer);
  scan->start = scan->searched = 0;
  scan->ended = false;
}

/* Moves what nobody has read to the front, and adds what comes next. */
static int scan_fill(struct ctd_scan *scan, struct ctd_scope *scope, struct ctd_error *err) {
  if (scan->filled && scope->nowait)
    return ctd_scope_may_wait(scope, err);
  scan->filled = true;
  if (scan->start) {
    memmove(scan->buffer.data, scan->buffer.data + scan->start, ctd_scan_available(scan));
    scan->buffer.size = ctd_scan_available(scan);
    scan->start = 0;
  }
  return scan->fill(scan->context, &scan->buffer, &scan->ended, scope, err);
}

/* Gives all that is there, without a copy. */
static int scan_give(struct ctd_scan *scan, struct ctd_scan_text *out) {
  *out = (struct ctd_scan_text){scan->buffer.data, scan->buffer.size};
  memset(&scan->buffer, 0, sizeof scan->buffer);
  return 0;
}

/* Gives the first `size` bytes, and drops `skip` behind them. */
static int scan_take(struct ctd_scan *scan, size_t size, size_t skip, struct ctd_scan_text *out,
                     struct ctd_error *err) {
  scan->searched = 0;
  if (size >= LARGE && !scan->start && size == scan->buffer.size)
    return scan_give(scan, out);
  out->data = malloc(size + 1);
  if (!out->data)
    return ctd_error_nomem(err);
  if (size)
    memcpy(out->data, scan->buffer.data + scan->start, size);
  out->size = size;
  scan->start += size + skip;
  return 0;
}

static const char *scan_newline(struct ctd_scan *scan) {
  size_t left = ctd_scan_available(scan) - scan->searched;
  const char *found = left ? memchr(scan->buffer.data + scan->start + scan->searched, '\n', left) : NULL;
  if (!found)
    scan->searched += left;
  return found;
}

static int scan_line(struct ctd_scan *scan, bool full, struct ctd_scan_text *out, struct ctd_scope *scope,
                     struct ctd_error *err) {
  const char *newline;
  while (!(newline = scan_newline(scan)) && !scan->ended) {
    int result = scan_fill(scan, scope, err);
    if (result)
      return result;
  }
  if (newline) {
    size_t length = (size_t)(newline - scan->buffer.data) - scan->start;
    return scan_take(scan, length + full, !full, out, err);
  }
  return ctd_scan_available(scan) ? scan_take(scan, ctd_scan_available(scan), 0, out, err) : 0;
}

static int scan_all(struct ctd_scan *scan, struct ctd_scan_text *out, struct ctd_scope *scope, struct ctd_error *err) {
  int result = 0;
  while (!result && !scan->ended)
    result = scan_fill(scan, scope, err);
  if (result)
    return result;
  return scan_take(scan, ctd_scan_available(scan), 0, out, err);
}

/* 0 bytes are there unless it's the end. */
static int scan_size(struct ctd_scan *scan, size_t size, struct ctd_scan_text *out, struct ctd_scope *scope,
                     struct ctd_error *err) {
  int result = 0;
  while (!result && ctd_scan_available(scan) < (size ? size : 1) && !scan->ended)
    result = scan_fill(scan, scope, err);
  if (result)
    return result;
  size_t there = ctd_scan_available(scan);
  return there ? scan_take(scan, there < size ? there : size, 0, out, err) : 0;
}

static int scan_item(struct ctd_scan *scan, struct ctd_scan_item *item, struct ctd_scope *scope,
                     struct ctd_error *err) {
  switch (item->format) {
  case CTD_SCAN_ALL:
    return scan_all(scan, &item->text, scope, err);
  case CTD_SCAN_SIZE:
    return scan_size(scan, item->size, &item->text, scope, err);
  default:
    return scan_line(scan, item->format == CTD_SCAN_FULL_LINE, &item->text, scope, err);
  }
}

int ctd_scan_read(struct ctd_scan *scan, struct ctd_scan_request *request, struct ctd_scope *scope,
                  struct ctd_error *err) {
  scan->filled = false;
  for (; request->next < request->count; request->next++) {
    struct ctd_scan_item *item = &request->items[request->next];
    int result = scan_item(scan, item, scope, err);
    if (result)
      return result;
    if (!item->text.data)
      request->count = request->next + 1; /* nothing comes after the end */
  }
  return 0;
}
