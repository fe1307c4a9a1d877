#include "client/content_walk.h"
#include "client/await.h"
#include "content.pb-c.h"
#include "rpc/stream.h"
#include <stdlib.h>
#include <string.h>

typedef Containerd__Services__Content__V1__ListContentRequest ListRequest;
typedef Containerd__Services__Content__V1__ListContentResponse ListResponse;

struct ctd_content_walk {
  atomic_int references;
  struct ctd_client *client;
  char **filters;
  size_t filter_count;
  ctd_flag busy;          /* while the next one is asked for */
  struct ctd_scope scope; /* of the stream, which outlives those of the single steps */
  struct ctd_stream *stream;
  ListResponse *message; /* those from `next` on are still to be given; NULL: another has to come */
  size_t next;
  bool ended;
  struct ctd_content_info taken; /* what ctd_content_walk_take gave last */
};

static int filters_copy(struct ctd_content_walk *walk, const char *const *filters, size_t count,
                        struct ctd_error *err) {
  walk->filters = calloc(count + 1, sizeof *walk->filters);
  if (!walk->filters)
    return ctd_error_nomem(err);
  for (; walk->filter_count < count; walk->filter_count++)
    if (ctd_copy_string(&walk->filters[walk->filter_count], filters[walk->filter_count], err))
      return -1;
  return 0;
}

int ctd_content_walk_new(struct ctd_content_walk **out, struct ctd_client *client, const char *const *filters,
                         size_t count, struct ctd_error *err) {
  struct ctd_content_walk *walk = calloc(1, sizeof *walk);
  *out = NULL;
  if (!walk)
    return ctd_error_nomem(err);
  atomic_init(&walk->references, 1);
  ctd_scope_init(&walk->scope, INFINITY);
  walk->client = ctd_client_ref(client);
  if (filters_copy(walk, filters, count, err)) {
    ctd_content_walk_unref(walk);
    return -1;
  }
  *out = walk;
  return 0;
}

struct ctd_content_walk *ctd_content_walk_ref(struct ctd_content_walk *walk) {
  atomic_fetch_add(&walk->references, 1);
  return walk;
}

static void message_free(struct ctd_content_walk *walk) {
  if (walk->message)
    protobuf_c_message_free_unpacked(&walk->message->base, NULL);
  walk->message = NULL;
  walk->next = 0;
}

static void walk_end(struct ctd_content_walk *walk) {
  message_free(walk);
  ctd_stream_free(walk->stream);
  walk->stream = NULL;
  walk->ended = true;
}

void ctd_content_walk_unref(struct ctd_content_walk *walk) {
  if (!walk || atomic_fetch_sub(&walk->references, 1) > 1)
    return;
  walk_end(walk);
  ctd_content_info_free(&walk->taken);
  for (size_t i = 0; i < walk->filter_count; i++)
    free(walk->filters[i]);
  free(walk->filters);
  ctd_client_unref(walk->client);
  free(walk);
}

struct ctd_client *ctd_content_walk_client(const struct ctd_content_walk *walk) {
  return walk->client;
}

static int walk_open(struct ctd_content_walk *walk, struct ctd_error *err) {
  ListRequest request = CONTAINERD__SERVICES__CONTENT__V1__LIST_CONTENT_REQUEST__INIT;
  request.filters = walk->filters;
  request.n_filters = walk->filter_count;
  return ctd_stream_request(&walk->stream, ctd_client_target(walk->client),
                            "/containerd.services.content.v1.Content/List", &request.base,
                            &containerd__services__content__v1__list_content_response__descriptor, &walk->scope, err);
}

/* With the walk as it was if the scope ends or doesn't wait; any other failure ends the walk. */
static int walk_receive(struct ctd_content_walk *walk, struct ctd_scope *scope, struct ctd_error *err) {
  int result = walk->stream ? 0 : ctd_scope_may_wait(scope, err);
  message_free(walk);
  if (result)
    return result;
  if (!walk->stream && walk_open(walk, err))
    return -1;
  result = ctd_await_answer(walk->stream, scope, err);
  if (result)
    return result;
  result = ctd_stream_receive(walk->stream, (ProtobufCMessage **)&walk->message, err);
  if (result || !walk->message)
    walk_end(walk);
  return result;
}

/* With something to give, unless it's the end. */
static int walk_fill(struct ctd_content_walk *walk, struct ctd_scope *scope, struct ctd_error *err) {
  int result = 0;
  while (!result && !walk->ended && (!walk->message || walk->next == walk->message->n_info))
    result = walk_receive(walk, scope, err);
  return result < 0 ? ctd_client_failed(walk->client, err, "walk", "content") : result;
}

int ctd_content_walk_start(struct ctd_content_walk *walk, struct ctd_scope *scope, struct ctd_error *err) {
  return walk_fill(walk, scope, err);
}

int ctd_content_walk_next(struct ctd_content_walk *walk, struct ctd_content_info *out, struct ctd_scope *scope,
                          struct ctd_error *err) {
  memset(out, 0, sizeof *out);
  if (!ctd_scope_enter(scope, &walk->busy))
    return ctd_error_set(err, CTD_FAILED_PRECONDITION, "another step of this walk is under way");
  int result = walk_fill(walk, scope, err);
  if (!result && walk->message)
    result = ctd_content_info_make(out, walk->message->info[walk->next++], err);
  return ctd_scope_leave(scope, &walk->busy, result);
}

bool ctd_content_walk_watch(struct ctd_content_walk *walk, void (*notify)(void *), void *context) {
  return ctd_await_watch(walk->stream, notify, context);
}

const struct ctd_content_info *ctd_content_walk_take(struct ctd_content_walk *walk) {
  struct ctd_error ignored = {0};
  if (atomic_exchange(&walk->busy, true))
    return NULL;
  bool some = walk->message && walk->next < walk->message->n_info;
  ctd_content_info_free(&walk->taken);
  if (some && !ctd_content_info_make(&walk->taken, walk->message->info[walk->next], &ignored))
    walk->next++;
  atomic_store(&walk->busy, false);
  ctd_error_clear(&ignored);
  return walk->taken.digest ? &walk->taken : NULL;
}
