#include "client/event.h"
#include "lua/filters.h"
#include "lua/message.h"
#include "lua/record.h"
#include "lua/types.h"
#include <string.h>

static void *events_ref(void *subscription) {
  return ctd_subscription_ref(subscription);
}

static void events_unref(void *subscription) {
  ctd_subscription_unref(subscription);
}

static void events_describe(lua_State *L, void *subscription) {
  lua_pushstring(L, ctd_client_address(ctd_subscription_client(subscription)));
}

struct subscribe {
  struct ctd_client *client;
  struct ctd_filters filters;
  struct ctd_subscription *subscription;
};

static void subscribe_parse(lua_State *L, struct ctd_op *op, void *data) {
  ctd_filters_read(L, op, &((struct subscribe *)data)->filters);
}

static int subscribe_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct subscribe *request = data;
  return ctd_subscription_open(&request->subscription, request->client, request->filters.items, request->filters.count,
                               scope, err);
}

/* What a generic for takes: the iterator, two values that it doesn't need, and what is closed at the loop's end. */
static int subscribe_push(lua_State *L, struct ctd_op *op, void *data) {
  struct subscribe *request = data;
  ctd_object_push(L, &ctd_events_type, &request->subscription, op->safe);
  lua_pushnil(L);
  lua_pushnil(L);
  lua_pushvalue(L, -3);
  return 4;
}

static void subscribe_release(void *data) {
  ctd_subscription_unref(((struct subscribe *)data)->subscription);
}

const struct ctd_method ctd_events_method = {
    .name = "events",
    .flags = CTD_METHOD_VARIADIC,
    .size = sizeof(struct subscribe),
    .parse = subscribe_parse,
    .run = subscribe_run,
    .push = subscribe_push,
    .release = subscribe_release,
};

struct next {
  struct ctd_subscription *subscription;
  Containerd__Types__Envelope *envelope;
};

static int next_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct next *request = data;
  return ctd_subscription_next(request->subscription, &request->envelope, scope, err);
}

static bool next_watch(void *data, void (*notify)(void *), void *context) {
  return ctd_subscription_watch(((const struct next *)data)->subscription, notify, context);
}

/* NULL: there is a gap. */
static void push_event(lua_State *L, const Containerd__Types__Envelope *envelope) {
  lua_createtable(L, 0, 5);
  ctd_record_set_string(L, "topic", envelope ? envelope->topic : "gap");
  if (!envelope)
    return;
  ctd_record_set_string(L, "namespace", envelope->namespace_);
  ctd_record_set_time(L, "timestamp", ctd_timestamp_seconds(envelope->timestamp));
  ctd_record_set_string(L, "type", envelope->event ? envelope->event->type_url : NULL);
  ctd_message_push_any(L, envelope->event);
  lua_setfield(L, -2, "event");
}

static bool next_take(lua_State *L, void *subscription) {
  const Containerd__Types__Envelope *envelope = ctd_subscription_take(subscription);
  if (envelope)
    push_event(L, envelope);
  return envelope;
}

static int next_push(lua_State *L, struct ctd_op *op, void *data) {
  (void)op;
  push_event(L, ((const struct next *)data)->envelope);
  return 1;
}

static void next_release(void *data) {
  struct next *request = data;
  if (request->envelope)
    protobuf_c_message_free_unpacked(&request->envelope->base, NULL);
}

static const struct ctd_method next_method = {
    .name = "next",
    .flags = CTD_METHOD_SLICED | CTD_METHOD_ENDLESS,
    .size = sizeof(struct next),
    .take = next_take,
    .run = next_run,
    .watch = next_watch,
    .push = next_push,
    .release = next_release,
};

static void events_extend(lua_State *L) {
  ctd_method_extend_iterator(L, "next");
}

static const struct ctd_method *const events_methods[] = {&next_method, NULL};

const struct ctd_type ctd_events_type = {
    .name = "containerd.events",
    .ref = events_ref,
    .unref = events_unref,
    .describe = events_describe,
    .extend = events_extend,
    .methods = events_methods,
};
