/*
 * Asking several places for the same thing, in their order: what fails for good is not asked again, what may pass is
 * asked after a pause that grows, and meanwhile the next place is. The error tells of all.
 */
#ifndef CTD_REGISTRY_ATTEMPTS_H
#define CTD_REGISTRY_ATTEMPTS_H

#include "base/clock.h"
#include <stddef.h>

/* A place, and how asking it went. */
struct ctd_attempt {
  const char *host; /* borrowed; for messages */
  char *url;        /* owned; what was asked last, without its query */
  int status;       /* of the last answer; 0: none came */
  enum ctd_code code;
  char text[256]; /* what was wrong with it */
  int tries;
  int fruitless;      /* tries since it last helped */
  bool progress;      /* the last try brought something */
  bool down;          /* it didn't answer when last asked by anyone: others go first */
  bool over;          /* isn't asked again */
  double retry_after; /* seconds that it asks to wait */
  double not_before;  /* monotonic */
};

enum ctd_verdict {
  CTD_VERDICT_DONE,  /* we have it */
  CTD_VERDICT_AGAIN, /* not now; the attempt says why */
  CTD_VERDICT_NEXT,  /* not here; the attempt says why */
  CTD_VERDICT_ENDED, /* the scope ended: *err */
  CTD_VERDICT_STOP,  /* *err, to be returned as it is */
};

struct ctd_attempts {
  struct ctd_attempt *items; /* owned */
  size_t count;
};

/* Asks items[index]. */
typedef enum ctd_verdict (*ctd_attempt_fn)(void *context, size_t index, struct ctd_attempt *attempt,
                                           struct ctd_error *err);

/* Makes `count` empty attempts; the caller frees them. */
int ctd_attempts_new(struct ctd_attempts *attempts, size_t count, struct ctd_error *err);
void ctd_attempts_free(struct ctd_attempts *attempts);

/* Notes what was wrong and gives the verdict back. */
enum ctd_verdict ctd_attempt_note(struct ctd_attempt *attempt, enum ctd_verdict verdict, enum ctd_code code,
                                  const char *format, ...) __attribute__((format(printf, 4, 5)));

/*
 * Asks until one gives all. `retries` is how often a place is asked again without any progress. On failure the message
 * is "<what>: <code>: <host> answered 404, …", the code that of the weightiest answer, the details those of fetch.h.
 */
int ctd_attempts_run(struct ctd_attempts *attempts, int retries, const char *what, struct ctd_scope *scope,
                     ctd_attempt_fn ask, void *context, struct ctd_error *err);

#endif
