#include "registry/lines.h"
#include "base/thread.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LINES 4
#define MIB ((int64_t)1 << 20)
#define LARGEST (2 * MIB)   /* of parts, if there are many */
#define DIVISIBLE (3 * MIB) /* what less is left isn't divided */
#define AHEAD 6             /* how many parts may be on their way or wait to be given out */
#define PROBE 0.25          /* seconds, or */
#define PROBE_SIZE MIB      /* bytes, after which the speed of a line is judged */
#define FAST 12e6           /* bytes a second over one line that need no help */
#define WORTH 1.3           /* how much faster than one line all must be to be used again */

enum experience { UNKNOWN, USEFUL, USELESS };

struct ctd_lines {
  struct ctd_http *sessions[LINES]; /* opened when first used */
  enum experience experience;       /* with all of them at once */
  struct ctd_buffer memory[AHEAD];  /* of parts; fresh memory takes longer than what fills it */
};

int ctd_lines_open(struct ctd_lines **out, struct ctd_error *err) {
  struct ctd_lines *lines = *out = calloc(1, sizeof *lines);
  if (!lines)
    return ctd_error_nomem(err);
  if (!ctd_http_open(&lines->sessions[0], err))
    return 0;
  ctd_lines_close(lines);
  *out = NULL;
  return -1;
}

void ctd_lines_close(struct ctd_lines *lines) {
  for (int i = 0; lines && i < LINES; i++)
    ctd_http_close(lines->sessions[i]);
  for (int i = 0; lines && i < AHEAD; i++)
    ctd_buffer_free(&lines->memory[i]);
  free(lines);
}

/* One fetch of a blob; its thread gives out what the lines' threads bring. */
struct stream {
  struct ctd_lines *lines;
  struct ctd_registry *registry;
  struct ctd_scope *scope;
  const struct ctd_blob *blob;
  ctd_blob_sink sink;
  void *context;
  int64_t position; /* of the next byte for the sink */

  /* the speed of one line */
  double first;      /* when its first bytes came; 0: none has */
  double elsewhere;  /* seconds that the sink has taken */
  int64_t first_end; /* where in the blob those bytes ended */
  double speed;      /* 0: not judged yet */
  bool divided;      /* it was tried with several */
};

static int stream_give(struct stream *stream, const void *data, size_t size, struct ctd_error *err) {
  if (stream->sink(stream->context, data, size, err))
    return -1;
  stream->position += (int64_t)size;
  return 0;
}

/* After the first bytes, since a registry may think before it answers; without what the sink takes. */
static void stream_judge(struct stream *stream, double now) {
  int64_t brought = stream->position - stream->first_end;
  double taken = now - stream->first - stream->elsewhere;
  if (brought >= PROBE_SIZE || taken >= PROBE)
    stream->speed = (double)brought / fmax(taken, 1e-6);
}

static bool stream_is_slow(const struct stream *stream) {
  return stream->lines->experience != USELESS && !stream->divided && stream->speed > 0 && stream->speed < FAST &&
         stream->blob->size - stream->position >= DIVISIBLE;
}

/* For one line: breaks it off if it turns out slow. */
static int stream_sink(void *context, const void *data, size_t size, struct ctd_error *err) {
  struct stream *stream = context;
  double began = ctd_now_monotonic();
  if (stream->first > 0 && !(stream->speed > 0)) {
    stream_judge(stream, began);
    if (stream_is_slow(stream))
      return ctd_error_set(err, CTD_ABORTED, "%.0f bytes a second are slow", stream->speed);
  }
  if (stream_give(stream, data, size, err))
    return -1;
  double now = ctd_now_monotonic();
  if (stream->first > 0) {
    stream->elsewhere += now - began;
  } else {
    stream->first = now;
    stream->first_end = stream->position;
  }
  return 0;
}

/* One piece of the blob, fetched into memory. */
struct part {
  struct ctd_buffer *bytes; /* the lines' */
  int64_t start, size;
  bool here;
};

struct parts {
  struct stream *stream;
  struct ctd_scope scope; /* within the stream's; ends when parts are no longer wanted */
  int64_t start, size;    /* where in the blob the first one begins; of each but the last */
  size_t count;
  pthread_t threads[LINES];
  int lines;            /* threads that were started */
  pthread_mutex_t lock; /* of what follows */
  pthread_cond_t changed;
  size_t asked, given; /* parts below these are on their way; were given out */
  struct part ring[AHEAD];
  bool failed;
};

struct line {
  struct parts *parts;
  struct ctd_http *http;
};

static void parts_wait(struct parts *parts) {
  double until = ctd_now_monotonic() + ctd_scope_slice(&parts->scope);
  struct timespec time = {(time_t)until, (long)((until - floor(until)) * 1e9)};
  pthread_cond_timedwait(&parts->changed, &parts->lock, &time);
}

static bool parts_are_over(struct parts *parts) {
  struct ctd_error ignored = {0};
  bool over = parts->failed || ctd_scope_check(&parts->scope, &ignored);
  ctd_error_clear(&ignored);
  return over;
}

static int64_t smaller(int64_t a, int64_t b) {
  return a < b ? a : b;
}

/* For a line: the next part to fetch; NULL: there is none. */
static struct part *parts_take(struct parts *parts) {
  pthread_mutex_lock(&parts->lock);
  while (parts->asked < parts->count && parts->asked >= parts->given + AHEAD && !parts_are_over(parts))
    parts_wait(parts);
  struct part *part = NULL;
  if (parts->asked < parts->count && !parts_are_over(parts)) {
    part = &parts->ring[parts->asked % AHEAD];
    part->bytes->size = 0;
    part->start = parts->start + (int64_t)parts->asked++ * parts->size;
    part->size = smaller(parts->size, parts->stream->blob->size - part->start);
  }
  pthread_mutex_unlock(&parts->lock);
  return part;
}

static int part_sink(void *context, const void *data, size_t size, struct ctd_error *err) {
  struct part *part = context;
  if ((int64_t)(part->bytes->size + size) > part->size)
    return ctd_error_set(err, CTD_DATA_LOSS, "more than the part that was asked for");
  return ctd_buffer_append(part->bytes, data, size, err);
}

static void *line_run(void *context) {
  struct line line = *(struct line *)context;
  struct parts *parts = line.parts;
  struct ctd_error err = {0};
  free(context);
  for (struct part *part; (part = parts_take(parts));) {
    int result = ctd_registry_fetch_part(parts->stream->registry, line.http, &parts->scope, parts->stream->blob,
                                         part->start, part->start + part->size, part_sink, part, &err);
    pthread_mutex_lock(&parts->lock);
    part->here = !result;
    parts->failed |= result != 0;
    pthread_cond_broadcast(&parts->changed);
    pthread_mutex_unlock(&parts->lock);
  }
  ctd_error_clear(&err);
  return NULL;
}

static int parts_add_line(struct parts *parts, struct ctd_error *err) {
  struct ctd_http **session = &parts->stream->lines->sessions[parts->lines];
  if (!*session && ctd_http_open(session, err))
    return -1;
  struct line *line = malloc(sizeof *line);
  if (!line)
    return ctd_error_nomem(err);
  *line = (struct line){parts, *session};
  if (ctd_thread_start(&parts->threads[parts->lines], "ctd-line", line_run, line, err)) {
    free(line);
    return -1;
  }
  parts->lines++;
  return 0;
}

/* Waits for the next part; whether it came. */
static bool parts_await(struct parts *parts, const struct part *part) {
  pthread_mutex_lock(&parts->lock);
  while (!part->here && !parts_are_over(parts))
    parts_wait(parts);
  bool here = part->here;
  pthread_mutex_unlock(&parts->lock);
  return here;
}

static int parts_give(struct parts *parts, struct part *part, struct ctd_error *err) {
  int result = stream_give(parts->stream, part->bytes->data, part->bytes->size, err);
  pthread_mutex_lock(&parts->lock);
  part->here = false;
  parts->given++;
  pthread_cond_broadcast(&parts->changed);
  pthread_mutex_unlock(&parts->lock);
  return result;
}

/* Gives out parts until all are, or one doesn't come. −1: the sink failed, or a line couldn't be opened. */
static int parts_run(struct parts *parts, struct ctd_error *err) {
  while (parts->lines < LINES)
    if (parts_add_line(parts, err))
      return -1;
  while (parts->given < parts->count) {
    struct part *part = &parts->ring[parts->given % AHEAD];
    if (!parts_await(parts, part))
      return 0;
    if (parts_give(parts, part, err))
      return -1;
  }
  return 0;
}

/* One part for each line, since each part begins with a way there and back; more if these were too large to hold. */
static void parts_divide(struct parts *parts, int64_t size) {
  int64_t part = (size + LINES - 1) / LINES;
  parts->size = part <= AHEAD * LARGEST / LINES ? part : LARGEST;
  parts->count = (size_t)((size + parts->size - 1) / parts->size);
}

static void parts_init(struct parts *parts, struct stream *stream) {
  pthread_condattr_t monotonic;
  memset(parts, 0, sizeof *parts);
  parts->stream = stream;
  for (int i = 0; i < AHEAD; i++)
    parts->ring[i].bytes = &stream->lines->memory[i];
  parts->start = stream->position;
  parts_divide(parts, stream->blob->size - stream->position);
  ctd_scope_init_within(&parts->scope, stream->scope);
  pthread_mutex_init(&parts->lock, NULL);
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&parts->changed, &monotonic);
  pthread_condattr_destroy(&monotonic);
}

static void parts_end(struct parts *parts) {
  ctd_scope_cancel(&parts->scope);
  for (int i = 0; i < parts->lines; i++)
    pthread_join(parts->threads[i], NULL);
  pthread_cond_destroy(&parts->changed);
  pthread_mutex_destroy(&parts->lock);
}

/* Over all lines, as far as they come. */
static int stream_run_parts(struct stream *stream, struct ctd_error *err) {
  struct parts parts;
  double began = ctd_now_monotonic();
  stream->divided = true;
  parts_init(&parts, stream);
  int result = parts_run(&parts, err);
  parts_end(&parts);
  double speed = (double)(stream->position - parts.start) / (ctd_now_monotonic() - began);
  stream->lines->experience = speed < WORTH * stream->speed ? USELESS : USEFUL;
  return result;
}

static int stream_run_one(struct stream *stream, struct ctd_error *err) {
  return ctd_registry_fetch(stream->registry, stream->lines->sessions[0], stream->scope, stream->blob, stream->position,
                            stream_sink, stream, err);
}

int ctd_lines_fetch(struct ctd_lines *lines, struct ctd_registry *registry, struct ctd_scope *scope,
                    const struct ctd_blob *blob, int64_t offset, ctd_blob_sink sink, void *context,
                    struct ctd_error *err) {
  struct stream stream = {.lines = lines,
                          .registry = registry,
                          .scope = scope,
                          .blob = blob,
                          .sink = sink,
                          .context = context,
                          .position = offset};
  if (lines->experience != USEFUL || blob->size - offset < DIVISIBLE) {
    if (!stream_run_one(&stream, err))
      return 0;
    if (!stream_is_slow(&stream))
      return -1;
    ctd_error_clear(err);
  }
  if (stream_run_parts(&stream, err))
    return -1;
  return stream_run_one(&stream, err);
}
