#include "lua/upcall.h"
#include "lua/json.h"
#include "lua/op.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct ctd_upcall_step {
  char *digest, *media_type;
  int64_t size, offset;
  enum ctd_progress_state state;
  bool fresh; /* Lua doesn't know it yet */
};

void ctd_upcalls_init(struct ctd_upcalls *upcalls) {
  pthread_condattr_t monotonic;
  pthread_mutex_init(&upcalls->mutex, NULL);
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&upcalls->changed, &monotonic);
  pthread_condattr_destroy(&monotonic);
}

void ctd_upcalls_free(struct ctd_upcalls *upcalls) {
  json_decref(upcalls->argument);
  json_decref(upcalls->answer);
  ctd_buffer_free(&upcalls->bytes);
  for (size_t i = 0; i < upcalls->step_count; i++) {
    free(upcalls->steps[i].digest);
    free(upcalls->steps[i].media_type);
  }
  free(upcalls->steps);
  pthread_cond_destroy(&upcalls->changed);
  pthread_mutex_destroy(&upcalls->mutex);
}

/* Waits for `wanted`, a slice at a time, so that the end of the operation is noticed. With the mutex. */
static int question_await(struct ctd_op *op, enum ctd_question_state wanted, struct ctd_error *err) {
  struct ctd_upcalls *upcalls = &op->upcalls;
  while (upcalls->state != wanted) {
    double until = ctd_now_monotonic() + CTD_SLICE;
    struct timespec time = {(time_t)until, (long)((until - floor(until)) * 1e9)};
    if (ctd_scope_check(&op->scope, err))
      return -1;
    pthread_cond_timedwait(&upcalls->changed, &upcalls->mutex, &time);
  }
  return 0;
}

static void question_pose(struct ctd_op *op, const char *function, json_t *argument, bool wants_bytes) {
  struct ctd_upcalls *upcalls = &op->upcalls;
  upcalls->state = CTD_QUESTION_ASKED;
  upcalls->function = function;
  upcalls->argument = argument;
  upcalls->wants_bytes = wants_bytes;
  ctd_hub_post(op->hub, op);
}

/* One that Lua is working on is left to it; nobody asks again in an operation that has ended. */
static void question_withdraw(struct ctd_upcalls *upcalls) {
  if (upcalls->state != CTD_QUESTION_ASKED)
    return;
  json_decref(upcalls->argument);
  upcalls->argument = NULL;
  upcalls->state = CTD_QUESTION_NONE;
}

/* As ctd_upcall_ask; with `wants_bytes` the answer tells whether there are some. */
static int question_ask(struct ctd_op *op, const char *function, json_t *argument, bool wants_bytes, json_t **answer,
                        struct ctd_error *err) {
  struct ctd_upcalls *upcalls = &op->upcalls;
  if (!argument)
    return ctd_error_nomem(err);
  pthread_mutex_lock(&upcalls->mutex);
  int result = question_await(op, CTD_QUESTION_NONE, err);
  if (result) {
    json_decref(argument);
  } else {
    question_pose(op, function, argument, wants_bytes);
    result = question_await(op, CTD_QUESTION_ANSWERED, err);
    if (result) {
      question_withdraw(upcalls);
    } else {
      *answer = upcalls->answer;
      upcalls->answer = NULL;
      upcalls->state = CTD_QUESTION_NONE;
      pthread_cond_broadcast(&upcalls->changed);
    }
  }
  pthread_mutex_unlock(&upcalls->mutex);
  return result;
}

int ctd_upcall_ask(struct ctd_op *op, const char *function, json_t *argument, json_t **answer, struct ctd_error *err) {
  return question_ask(op, function, argument, false, answer, err);
}

int ctd_upcall_read(struct ctd_op *op, const char *function, size_t size, struct ctd_buffer *out, bool *ended,
                    struct ctd_error *err) {
  json_t *answer = NULL;
  if (question_ask(op, function, json_integer((json_int_t)size), true, &answer, err))
    return -1;
  *ended = !json_is_true(answer);
  json_decref(answer);
  *out = op->upcalls.bytes;
  memset(&op->upcalls.bytes, 0, sizeof op->upcalls.bytes);
  return 0;
}

/* The end is false: nothing else would be told from no argument. */
int ctd_upcall_write(struct ctd_op *op, const char *function, const void *data, size_t size, struct ctd_error *err) {
  json_t *answer = NULL;
  int result = ctd_upcall_ask(op, function, data ? json_stringn_nocheck(data, size) : json_false(), &answer, err);
  json_decref(answer);
  return result;
}

static struct ctd_upcall_step *step_find(struct ctd_upcalls *upcalls, const char *digest) {
  for (size_t i = 0; i < upcalls->step_count; i++)
    if (!strcmp(upcalls->steps[i].digest, digest))
      return &upcalls->steps[i];
  return NULL;
}

/* NULL: memory is short, and a step that nobody hears of is no reason to fail. */
static struct ctd_upcall_step *step_add(struct ctd_upcalls *upcalls, const struct ctd_progress *progress) {
  struct ctd_upcall_step *steps = realloc(upcalls->steps, (upcalls->step_count + 1) * sizeof *steps);
  char *digest = strdup(progress->digest), *media_type = strdup(progress->media_type ? progress->media_type : "");
  if (steps)
    upcalls->steps = steps;
  if (!steps || !digest || !media_type) {
    free(digest);
    free(media_type);
    return NULL;
  }
  steps += upcalls->step_count++;
  *steps = (struct ctd_upcall_step){.digest = digest, .media_type = media_type};
  return steps;
}

void ctd_upcall_progress(struct ctd_op *op, const struct ctd_progress *progress) {
  struct ctd_upcalls *upcalls = &op->upcalls;
  pthread_mutex_lock(&upcalls->mutex);
  struct ctd_upcall_step *step = step_find(upcalls, progress->digest);
  if (!step)
    step = step_add(upcalls, progress);
  if (step) {
    step->size = progress->size;
    step->offset = progress->offset;
    step->state = progress->state;
    step->fresh = true;
    ctd_hub_post(op->hub, op);
  }
  pthread_mutex_unlock(&upcalls->mutex);
}

/* Copies a step that Lua doesn't know yet; its strings stay valid, and the copy outlives the mutex. */
static bool step_take(struct ctd_upcalls *upcalls, struct ctd_upcall_step *out) {
  bool found = false;
  pthread_mutex_lock(&upcalls->mutex);
  for (size_t i = 0; i < upcalls->step_count && !found; i++) {
    found = upcalls->steps[i].fresh;
    upcalls->steps[i].fresh = false;
    *out = upcalls->steps[i];
  }
  pthread_mutex_unlock(&upcalls->mutex);
  return found;
}

static void step_push(lua_State *L, const struct ctd_upcall_step *step) {
  lua_createtable(L, 0, 5);
  lua_pushstring(L, step->digest);
  lua_setfield(L, -2, "digest");
  lua_pushstring(L, step->media_type);
  lua_setfield(L, -2, "media_type");
  lua_pushinteger(L, (lua_Integer)step->size);
  lua_setfield(L, -2, "size");
  lua_pushinteger(L, (lua_Integer)step->offset);
  lua_setfield(L, -2, "offset");
  lua_pushstring(L, ctd_progress_state_name(step->state));
  lua_setfield(L, -2, "state");
}

/* The question's argument, borrowed from it until it is answered; NULL: none was asked. */
static const json_t *question_take(struct ctd_upcalls *upcalls, const char **function) {
  const json_t *argument = NULL;
  pthread_mutex_lock(&upcalls->mutex);
  if (upcalls->state == CTD_QUESTION_ASKED) {
    upcalls->state = CTD_QUESTION_TAKEN;
    *function = upcalls->function;
    argument = upcalls->argument;
  }
  pthread_mutex_unlock(&upcalls->mutex);
  return argument;
}

static void function_push(lua_State *L, int handle, const char *name) {
  ctd_get_companion(L, handle);
  lua_getfield(L, -1, name);
  lua_remove(L, -2);
}

int ctd_upcall_take(lua_State *L, struct ctd_op *op, int handle) {
  struct ctd_upcall_step step;
  const char *function;
  if (atomic_load(&op->scope.cancelled))
    return 0;
  if (step_take(&op->upcalls, &step)) {
    function_push(L, handle, "progress");
    step_push(L, &step);
    lua_pushboolean(L, false);
    return 3;
  }
  const json_t *argument = question_take(&op->upcalls, &function);
  if (!argument)
    return 0;
  function_push(L, handle, function);
  ctd_json_push(L, argument);
  lua_pushboolean(L, true);
  return 3;
}

static void answer_with_bytes(lua_State *L, struct ctd_upcalls *upcalls, int index) {
  struct ctd_error err = {0};
  bool some = lua_type(L, index) == LUA_TSTRING;
  ctd_buffer_free(&upcalls->bytes);
  if (some && ctd_buffer_append(&upcalls->bytes, lua_tostring(L, index), ctd_rawlen(L, index), &err))
    luaL_error(L, "%s", err.message);
  upcalls->answer = json_boolean(some);
}

void ctd_upcall_answer(lua_State *L, struct ctd_op *op, int index) {
  struct ctd_upcalls *upcalls = &op->upcalls;
  json_decref(upcalls->answer);
  upcalls->answer = NULL;
  if (upcalls->wants_bytes)
    answer_with_bytes(L, upcalls, index);
  else
    ctd_json_read(L, index, upcalls->function, 0, &upcalls->answer);
  pthread_mutex_lock(&upcalls->mutex);
  json_decref(upcalls->argument);
  upcalls->argument = NULL;
  upcalls->state = CTD_QUESTION_ANSWERED;
  pthread_cond_broadcast(&upcalls->changed);
  pthread_mutex_unlock(&upcalls->mutex);
}
