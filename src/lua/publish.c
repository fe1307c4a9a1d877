#include "client/event.h"
#include "lua/message.h"
#include "lua/types.h"

struct publish {
  struct ctd_client *client;
  const char *topic, *type;
  Google__Protobuf__Any *event;
};

/* After the type, which says what it is. */
static void event_read(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  const struct publish *request = (const void *)op->request;
  *(Google__Protobuf__Any **)target = ctd_message_read_any(L, index, op, name, request->type);
}

static int publish_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  const struct publish *request = data;
  return ctd_event_publish(request->client, request->topic, request->event, scope, err);
}

static const struct ctd_option publish_arguments[] = {
    {"topic", ctd_read_string, offsetof(struct publish, topic), false},
    {"type", ctd_read_string, offsetof(struct publish, type), false},
    {"event", event_read, offsetof(struct publish, event), false},
    {NULL, NULL, 0, false},
};

const struct ctd_method ctd_publish_method = {
    .name = "publish",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct publish),
    .arguments = publish_arguments,
    .run = publish_run,
};

struct forward {
  struct ctd_client *client;
  Containerd__Types__Envelope envelope;
};

/* Pushes table[name] and reads it as a string. */
static void field_read(lua_State *L, int table, struct ctd_op *op, const char *name, char **target) {
  lua_getfield(L, table, name);
  ctd_read_string(L, lua_gettop(L), op, name, (void *)target);
}

/* As the iteration gives events; without a timestamp it's one of now. */
static void envelope_read(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  Containerd__Types__Envelope *envelope = target;
  int top = lua_gettop(L);
  char *type;
  if (lua_type(L, index) != LUA_TTABLE)
    ctd_read_failed(L, index, op, name, "table");
  containerd__types__envelope__init(envelope);
  field_read(L, index, op, "topic", &envelope->topic);
  field_read(L, index, op, "namespace", &envelope->namespace_);
  field_read(L, index, op, "type", &type);
  lua_getfield(L, index, "event");
  envelope->event = ctd_message_read_any(L, -1, op, "event", type);
  lua_getfield(L, index, "timestamp");
  if (lua_isnil(L, -1))
    lua_pushnumber(L, ctd_now_epoch());
  envelope->timestamp =
      (Google__Protobuf__Timestamp *)ctd_message_read(L, -1, op, "timestamp", &google__protobuf__timestamp__descriptor);
  lua_settop(L, top);
}

static int forward_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  const struct forward *request = data;
  return ctd_event_forward(request->client, &request->envelope, scope, err);
}

static const struct ctd_option forward_arguments[] = {
    {"event", envelope_read, offsetof(struct forward, envelope), false},
    {NULL, NULL, 0, false},
};

const struct ctd_method ctd_forward_method = {
    .name = "forward",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct forward),
    .arguments = forward_arguments,
    .run = forward_run,
};
