#include "client/event.h"
#include "base/buffer.h"
#include "client/await.h"
#include "events.pb-c.h"
#include "google/protobuf/empty.pb-c.h"
#include "rpc/call.h"
#include "rpc/runtime.h"
#include "rpc/stream.h"
#include <stdlib.h>
#include <string.h>

#define METHOD(name) "/containerd.services.events.v1.Events/" name
/* How long a lost daemon's socket, when it answers again, may take for a new subscription. */
#define ATTEMPT_SECONDS 2
#define FIRST_DELAY 0.05
#define LONGEST_DELAY 2
/* How long a probe may be under way before another is sent. */
#define PROBE_SECONDS 0.05

typedef Containerd__Types__Envelope Envelope;
typedef Containerd__Services__Events__V1__PublishRequest PublishRequest;
typedef Containerd__Services__Events__V1__ForwardRequest ForwardRequest;
typedef Containerd__Services__Events__V1__SubscribeRequest SubscribeRequest;

struct ctd_subscription {
  atomic_int references;
  ctd_flag busy; /* while the next one is waited for */
  struct ctd_client *client;
  char **filters; /* with the one that lets probes through, if there are any */
  size_t filter_count;
  struct ctd_scope scope;    /* of the stream */
  struct ctd_stream *stream; /* NULL: the daemon is lost */
  Envelope *early;           /* came before the first probe */
  struct ctd_pool pool;      /* of what ctd_subscription_take gave last */
  double retry_at, delay;    /* of the attempts to find the daemon again */
};

static int publish(struct ctd_client *client, const char *topic, const Google__Protobuf__Any *event,
                   struct ctd_scope *scope, struct ctd_error *err) {
  PublishRequest request = CONTAINERD__SERVICES__EVENTS__V1__PUBLISH_REQUEST__INIT;
  request.topic = (char *)topic;
  request.event = (Google__Protobuf__Any *)event;
  return ctd_call(ctd_client_target(client), METHOD("Publish"), &request.base, NULL, NULL, scope, err);
}

int ctd_event_publish(struct ctd_client *client, const char *topic, const Google__Protobuf__Any *event,
                      struct ctd_scope *scope, struct ctd_error *err) {
  int result = publish(client, topic, event, scope, err);
  return result < 0 ? ctd_client_failed(client, err, "publish", "event %s", topic) : result;
}

int ctd_event_forward(struct ctd_client *client, const Envelope *envelope, struct ctd_scope *scope,
                      struct ctd_error *err) {
  ForwardRequest request = CONTAINERD__SERVICES__EVENTS__V1__FORWARD_REQUEST__INIT;
  request.envelope = (Envelope *)envelope;
  int result = ctd_call(ctd_client_target(client), METHOD("Forward"), &request.base, NULL, NULL, scope, err);
  return result < 0 ? ctd_client_failed(client, err, "forward", "event %s", envelope->topic) : result;
}

static void envelope_free(Envelope *envelope) {
  if (envelope)
    protobuf_c_message_free_unpacked(&envelope->base, NULL);
}

static bool is_probe(const Envelope *envelope) {
  return !strcmp(envelope->topic, CTD_EVENT_PROBE);
}

/* Empty, and of a type that everybody can decode. */
static int probe(struct ctd_subscription *subscription, struct ctd_scope *scope, struct ctd_error *err) {
  Google__Protobuf__Any event = GOOGLE__PROTOBUF__ANY__INIT;
  event.type_url = (char *)google__protobuf__empty__descriptor.name;
  return publish(subscription->client, CTD_EVENT_PROBE, &event, scope, err);
}

/* Into the pool, unless that is NULL. */
static int receive(struct ctd_subscription *subscription, struct ctd_pool *pool, Envelope **out,
                   struct ctd_error *err) {
  if (ctd_stream_receive_in(subscription->stream, pool, (ProtobufCMessage **)out, err))
    return -1;
  return *out ? 0 : ctd_error_set(err, CTD_UNAVAILABLE, "the daemon ended the subscription");
}

static void hang_up(struct ctd_subscription *subscription) {
  ctd_stream_free(subscription->stream);
  subscription->stream = NULL;
}

/* Whatever arrives first shows that the subscription stands. */
static int await_first(struct ctd_subscription *subscription, struct ctd_scope *scope, struct ctd_error *err) {
  Envelope *first;
  do {
    if (probe(subscription, scope, err))
      return -1;
  } while (!ctd_stream_await(subscription->stream, PROBE_SECONDS));
  if (receive(subscription, NULL, &first, err))
    return -1;
  if (is_probe(first))
    envelope_free(first);
  else
    subscription->early = first;
  return 0;
}

/* The stream has no deadline; a call that has one shows first whether the daemon answers. */
static int subscribe(struct ctd_subscription *subscription, struct ctd_scope *scope, struct ctd_error *err) {
  SubscribeRequest request = CONTAINERD__SERVICES__EVENTS__V1__SUBSCRIBE_REQUEST__INIT;
  request.filters = subscription->filters;
  request.n_filters = subscription->filter_count;
  struct ctd_version version;
  if (ctd_client_get_version(subscription->client, scope, &version, err))
    return -1;
  ctd_version_free(&version);
  if (ctd_stream_request(&subscription->stream, ctd_client_target(subscription->client), METHOD("Subscribe"),
                         &request.base, &containerd__types__envelope__descriptor, &subscription->scope, err))
    return -1;
  if (!await_first(subscription, scope, err))
    return 0;
  hang_up(subscription);
  return -1;
}

static int copy_filters(struct ctd_subscription *subscription, const char *const *filters, size_t count,
                        struct ctd_error *err) {
  if (!count)
    return 0;
  subscription->filters = calloc(count + 1, sizeof *subscription->filters);
  if (!subscription->filters)
    return ctd_error_nomem(err);
  for (size_t i = 0; i <= count; i++) {
    const char *filter = i < count ? filters[i] : "topic==\"" CTD_EVENT_PROBE "\"";
    if (ctd_copy_string(&subscription->filters[i], filter, err))
      return -1;
    subscription->filter_count++;
  }
  return 0;
}

static struct ctd_subscription *subscription_new(struct ctd_client *client, struct ctd_error *err) {
  struct ctd_subscription *subscription = calloc(1, sizeof *subscription);
  if (!subscription) {
    ctd_error_nomem(err);
    return NULL;
  }
  atomic_init(&subscription->references, 1);
  subscription->client = ctd_client_ref(client);
  ctd_scope_init(&subscription->scope, INFINITY);
  return subscription;
}

int ctd_subscription_open(struct ctd_subscription **out, struct ctd_client *client, const char *const *filters,
                          size_t count, struct ctd_scope *scope, struct ctd_error *err) {
  struct ctd_subscription *subscription = *out = subscription_new(client, err);
  if (subscription && !copy_filters(subscription, filters, count, err) && !subscribe(subscription, scope, err))
    return 0;
  ctd_subscription_unref(subscription);
  *out = NULL;
  return ctd_client_failed(client, err, "events", "of the daemon");
}

struct ctd_subscription *ctd_subscription_ref(struct ctd_subscription *subscription) {
  atomic_fetch_add(&subscription->references, 1);
  return subscription;
}

void ctd_subscription_unref(struct ctd_subscription *subscription) {
  if (!subscription || atomic_fetch_sub(&subscription->references, 1) > 1)
    return;
  hang_up(subscription);
  envelope_free(subscription->early);
  ctd_pool_free(&subscription->pool);
  for (size_t i = 0; i < subscription->filter_count; i++)
    free(subscription->filters[i]);
  free(subscription->filters);
  ctd_client_unref(subscription->client);
  free(subscription);
}

struct ctd_client *ctd_subscription_client(const struct ctd_subscription *subscription) {
  return subscription->client;
}

static bool may_pass(enum ctd_code code) {
  return code == CTD_UNAVAILABLE || code == CTD_DEADLINE_EXCEEDED || code == CTD_ABORTED || code == CTD_UNKNOWN;
}

/* An attempt isn't broken off at the scope's deadline: who reads in short slices would never come to the end of one. */
static int attempt(struct ctd_subscription *subscription, struct ctd_scope *scope, struct ctd_error *err) {
  struct ctd_scope whole;
  ctd_scope_init_within(&whole, scope);
  whole.deadline = ctd_now_monotonic() + ATTEMPT_SECONDS;
  return subscribe(subscription, &whole, err);
}

static int find_again(struct ctd_subscription *subscription, struct ctd_scope *scope, struct ctd_error *err) {
  for (;;) {
    if (ctd_scope_sleep(scope, subscription->retry_at - ctd_now_monotonic(), err))
      return -1;
    if (!attempt(subscription, scope, err))
      return 0;
    if (!may_pass(err->code))
      return -1;
    ctd_error_clear(err);
    subscription->delay = fmin(LONGEST_DELAY, fmax(FIRST_DELAY, 2 * subscription->delay));
    subscription->retry_at = ctd_now_monotonic() + subscription->delay;
  }
}

/* The next envelope that has come; NULL, if the stream has ended: it's lost. */
static Envelope *receive_or_lose(struct ctd_subscription *subscription, struct ctd_pool *pool) {
  struct ctd_error ignored = {0};
  Envelope *envelope;
  if (!receive(subscription, pool, &envelope, &ignored))
    return envelope;
  ctd_error_clear(&ignored);
  hang_up(subscription);
  subscription->delay = subscription->retry_at = 0;
  return NULL;
}

/* The next envelope of the stream; NULL if it has ended. */
static int read_one(struct ctd_subscription *subscription, Envelope **out, struct ctd_scope *scope,
                    struct ctd_error *err) {
  *out = subscription->early;
  subscription->early = NULL;
  if (*out)
    return 0;
  int result = ctd_await_answer(subscription->stream, scope, err);
  if (!result)
    *out = receive_or_lose(subscription, NULL);
  return result;
}

static int subscription_next(struct ctd_subscription *subscription, Envelope **out, struct ctd_scope *scope,
                             struct ctd_error *err) {
  *out = NULL;
  do {
    envelope_free(*out);
    *out = NULL;
    if (!subscription->stream)
      return scope->nowait ? CTD_PENDING : find_again(subscription, scope, err);
    int result = read_one(subscription, out, scope, err);
    if (result)
      return result;
  } while (!*out || is_probe(*out));
  return 0;
}

int ctd_subscription_next(struct ctd_subscription *subscription, Envelope **out, struct ctd_scope *scope,
                          struct ctd_error *err) {
  *out = NULL;
  if (ctd_runtime_start(err))
    return -1;
  if (!ctd_scope_enter(scope, &subscription->busy))
    return ctd_error_set(err, CTD_FAILED_PRECONDITION, "the next event is being waited for already");
  int result = subscription_next(subscription, out, scope, err);
  ctd_scope_leave(scope, &subscription->busy, result);
  return result < 0 ? ctd_client_failed(subscription->client, err, "next", "event") : result;
}

bool ctd_subscription_watch(struct ctd_subscription *subscription, void (*notify)(void *), void *context) {
  return ctd_await_watch(subscription->stream, notify, context);
}

/* The next envelope if it is there already, probes included; NULL if it isn't, or the stream has ended. */
static const Envelope *take_one(struct ctd_subscription *subscription) {
  if (!subscription->stream || subscription->early || !ctd_stream_await(subscription->stream, 0))
    return NULL;
  ctd_pool_reset(&subscription->pool);
  return receive_or_lose(subscription, &subscription->pool);
}

const Envelope *ctd_subscription_take(struct ctd_subscription *subscription) {
  const Envelope *envelope;
  if (!ctd_runtime_usable() || atomic_exchange(&subscription->busy, true))
    return NULL;
  do
    envelope = take_one(subscription);
  while (envelope && is_probe(envelope));
  atomic_store(&subscription->busy, false);
  return envelope;
}
