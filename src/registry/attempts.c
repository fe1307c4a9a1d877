#include "registry/attempts.h"

#include "base/buffer.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BACKOFF_FIRST 0.2 /* seconds, doubled each time */
#define BACKOFF_MAX 5.0

int ctd_attempts_new(struct ctd_attempts *attempts, size_t count, struct ctd_error *err) {
  attempts->items = calloc(count ? count : 1, sizeof *attempts->items);
  attempts->count = attempts->items ? count : 0;
  return attempts->items ? 0 : ctd_error_nomem(err);
}

void ctd_attempts_free(struct ctd_attempts *attempts) {
  for (size_t i = 0; i < attempts->count; i++)
    free(attempts->items[i].url);
  free(attempts->items);
  *attempts = (struct ctd_attempts){0};
}

enum ctd_verdict ctd_attempt_note(struct ctd_attempt *attempt, enum ctd_verdict verdict, enum ctd_code code,
                                  const char *format, ...) {
  char text[sizeof attempt->text]; /* the arguments may point into the old one */
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  memcpy(attempt->text, text, sizeof text);
  attempt->code = code;
  return verdict;
}

/* The next to ask: of those that may be asked now the first that isn't down, else the one whose turn comes soonest. */
static struct ctd_attempt *attempts_next(struct ctd_attempts *attempts, double now) {
  struct ctd_attempt *best = NULL;
  for (size_t i = 0; i < attempts->count; i++) {
    struct ctd_attempt *attempt = &attempts->items[i];
    if (attempt->over)
      continue;
    bool ready = attempt->not_before <= now;
    if (ready && !attempt->down)
      return attempt;
    if (!best || attempt->not_before < best->not_before)
      best = attempt;
  }
  return best;
}

static void attempt_postpone(struct ctd_attempt *attempt, int retries) {
  attempt->fruitless = attempt->progress ? 1 : attempt->fruitless + 1;
  if (attempt->fruitless > retries) {
    attempt->over = true;
    return;
  }
  double pause = BACKOFF_FIRST;
  for (int i = 1; i < attempt->fruitless && pause < BACKOFF_MAX; i++)
    pause *= 2;
  attempt->not_before = ctd_now_monotonic() + fmax(fmin(pause, BACKOFF_MAX), attempt->retry_after);
}

/* How much an attempt's code says of the whole: the first here is weightiest, and what isn't here even more so. */
static size_t attempt_rank(const struct ctd_attempt *attempt) {
  static const enum ctd_code order[] = {
      CTD_DIGEST_MISMATCH,   CTD_OUT_OF_RANGE,       CTD_DATA_LOSS,   CTD_UNAUTHENTICATED,
      CTD_PERMISSION_DENIED, CTD_RESOURCE_EXHAUSTED, CTD_UNAVAILABLE, CTD_NOT_FOUND,
  };
  size_t count = sizeof order / sizeof *order, rank = 0;
  if (attempt->status == 0 && attempt->code == CTD_UNAVAILABLE)
    return count + 1;
  if (attempt->code == CTD_CONNECTION_REFUSED)
    return count + 2;
  while (rank < count && order[rank] != attempt->code)
    rank++;
  return rank < count ? rank + 1 : 0;
}

static void text_add(char *text, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void text_add(char *text, size_t size, const char *format, ...) {
  size_t used = strlen(text);
  va_list args;
  va_start(args, format);
  vsnprintf(text + used, size - used, format, args);
  va_end(args);
}

static bool attempt_is_refused(const struct ctd_attempt *attempt) {
  return attempt->status != 0 && attempt->status / 100 != 2;
}

static void text_add_attempt(char *text, size_t size, const struct ctd_attempt *attempt) {
  text_add(text, size, "%s", attempt->host);
  if (attempt_is_refused(attempt))
    text_add(text, size, " answered %d", attempt->status);
  if (*attempt->text)
    text_add(text, size, ": %s", attempt->text);
}

/* Best effort: an error must not fail for want of memory. */
static json_t *attempts_details(const struct ctd_attempts *attempts) {
  json_t *details = json_array();
  for (size_t i = 0; i < attempts->count; i++) {
    const struct ctd_attempt *attempt = &attempts->items[i];
    if (attempt->tries == 0)
      continue;
    json_t *item = json_pack("{s:s, s:s*, s:i}", "host", attempt->host, "url", attempt->url, "tries", attempt->tries);
    if (attempt->status)
      json_object_set_new(item, "status", json_integer(attempt->status));
    if (*attempt->text)
      json_object_set_new(item, "error", json_string(attempt->text));
    json_array_append_new(details, item);
  }
  return details;
}

/* All that failed; one under way when the scope ended has nothing to tell. */
static void attempts_describe(const struct ctd_attempts *attempts, char *text, size_t size) {
  const char *separator = "";
  *text = '\0';
  for (size_t i = 0; i < attempts->count; i++) {
    const struct ctd_attempt *attempt = &attempts->items[i];
    if (!attempt_is_refused(attempt) && !*attempt->text)
      continue;
    text_add(text, size, "%s", separator);
    text_add_attempt(text, size, attempt);
    separator = ", ";
  }
}

static int attempts_fail(const struct ctd_attempts *attempts, const char *what, struct ctd_error *err) {
  const struct ctd_attempt *worst = &attempts->items[0];
  char text[sizeof err->message], words[32];
  for (size_t i = 1; i < attempts->count; i++) {
    if (attempt_rank(&attempts->items[i]) < attempt_rank(worst))
      worst = &attempts->items[i];
  }
  snprintf(words, sizeof words, "%s", ctd_code_name(worst->code));
  for (char *c = words; (c = strchr(c, '_'));)
    *c = ' ';
  attempts_describe(attempts, text, sizeof text);
  ctd_error_set(err, worst->code, "%s: %s: %s", what, words, text);
  err->status = worst->status;
  err->details = attempts_details(attempts);
  return -1;
}

/* The scope has ended and *err says how; what had been answered till then explains why it took so long. */
static int attempts_end(const struct ctd_attempts *attempts, const char *what, struct ctd_error *err) {
  char text[sizeof err->message];
  attempts_describe(attempts, text, sizeof text);
  ctd_error_set(err, err->code, "%s: %s%s%s", what, err->message, *text ? "; " : "", text);
  err->details = attempts_details(attempts);
  return -1;
}

int ctd_attempts_run(struct ctd_attempts *attempts, int retries, const char *what, struct ctd_scope *scope,
                     ctd_attempt_fn ask, void *context, struct ctd_error *err) {
  for (;;) {
    struct ctd_attempt *attempt = attempts_next(attempts, ctd_now_monotonic());
    if (!attempt)
      return attempts_fail(attempts, what, err);
    double wait = attempt->not_before - ctd_now_monotonic();
    if (wait > 0 && ctd_scope_sleep(scope, wait, err) < 0)
      return attempts_end(attempts, what, err);
    attempt->tries++;
    attempt->progress = false;
    attempt->retry_after = 0;
    switch (ask(context, (size_t)(attempt - attempts->items), attempt, err)) {
    case CTD_VERDICT_DONE:
      return 0;
    case CTD_VERDICT_AGAIN:
      attempt_postpone(attempt, retries);
      break;
    case CTD_VERDICT_NEXT:
      attempt->over = true;
      break;
    case CTD_VERDICT_ENDED:
      return attempts_end(attempts, what, err);
    case CTD_VERDICT_STOP:
      return -1;
    }
    ctd_error_clear(err);
  }
}
