/*
 * What an operation on a job thread has for Lua: steps of progress, and questions whose answer it waits for. The thread
 * that waits for the operation (or steps the hub) serves them.
 */
#ifndef CTD_LUA_UPCALL_H
#define CTD_LUA_UPCALL_H

#include "base/buffer.h"
#include "client/pull.h"
#include "lua/compat.h"
#include <pthread.h>

struct ctd_op;

enum ctd_question_state { CTD_QUESTION_NONE, CTD_QUESTION_ASKED, CTD_QUESTION_TAKEN, CTD_QUESTION_ANSWERED };

/* Part of struct ctd_op. */
struct ctd_upcalls {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  enum ctd_question_state state;
  const char *function; /* the name of the option that holds the function */
  json_t *argument, *answer;
  bool wants_bytes;              /* the answer is a string of bytes, for ctd_upcall_read */
  struct ctd_buffer bytes;       /* such an answer */
  struct ctd_upcall_step *steps; /* the latest of each digest */
  size_t step_count;
};

void ctd_upcalls_init(struct ctd_upcalls *upcalls);
void ctd_upcalls_free(struct ctd_upcalls *upcalls);

/*
 * Job threads: calls the Lua function that was given as option `function` with `argument` (taken over in any case) and
 * waits for its answer, which the caller owns; a function that returns nothing answers with its argument, which it may
 * have changed. −1 when the operation ends first, for instance because the function raised an error.
 */
int ctd_upcall_ask(struct ctd_op *op, const char *function, json_t *argument, json_t **answer, struct ctd_error *err);

/*
 * Job threads: calls the function for `size` bytes or so, and waits for its answer, which the caller owns. One that is
 * no string is the end: *ended is set.
 */
int ctd_upcall_read(struct ctd_op *op, const char *function, size_t size, struct ctd_buffer *out, bool *ended,
                    struct ctd_error *err);

/* Job threads: calls the function with bytes, and waits until it has taken them; `data` NULL is the end of all. */
int ctd_upcall_write(struct ctd_op *op, const char *function, const void *data, size_t size, struct ctd_error *err);

/* Job threads: tells the option `progress` of a step. Never waits; an older step of the same digest may be skipped. */
void ctd_upcall_progress(struct ctd_op *op, const struct ctd_progress *progress);

/*
 * Lua's thread: pushes a function, its argument and whether it is a question that ctd_upcall_answer has to answer;
 * returns 3, or 0 if there is nothing to call. `handle` is the index of the operation's handle.
 */
int ctd_upcall_take(lua_State *L, struct ctd_op *op, int handle);

/* Lua's thread: answers with the value at `index`. Raises if JSON has no such value. */
void ctd_upcall_answer(lua_State *L, struct ctd_op *op, int index);

#endif
