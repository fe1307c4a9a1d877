#include "client/diff.h"
#include "lua/message.h"
#include "lua/service.h"

static void ignore(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  (void)L, (void)index, (void)op, (void)name, (void)target;
}

/* A descriptor as records have it; what the service has no field for is left out. */
static void descriptor_read(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  static const struct ctd_option fields[] = {
      {"media_type", ctd_message_read_option, 0, false},
      {"digest", ctd_message_read_option, 0, false},
      {"size", ctd_message_read_option, 0, false},
      {"annotations", ctd_message_read_option, 0, false},
      {"platform", ignore, 0, false},
      {"urls", ignore, 0, false},
      {NULL, NULL, 0, false},
  };
  if (lua_type(L, index) != LUA_TTABLE)
    ctd_read_failed(L, index, op, name, "descriptor");
  Containerd__Types__Descriptor *descriptor = ctd_arena_allocate(L, &op->arena, sizeof *descriptor);
  containerd__types__descriptor__init(descriptor);
  ctd_fields_read(L, index, op, fields, descriptor);
  *(Containerd__Types__Descriptor **)target = descriptor;
}

struct apply {
  struct ctd_client *client;
  Containerd__Services__Diff__V1__ApplyRequest message;
  Containerd__Services__Diff__V1__ApplyResponse *reply;
};

static void apply_parse(lua_State *L, struct ctd_op *op, void *data) {
  (void)L, (void)op;
  containerd__services__diff__v1__apply_request__init(&((struct apply *)data)->message);
}

static int apply_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct apply *request = data;
  int result = ctd_diff_apply(request->client, &request->message, &request->reply, scope, err);
  return result < 0 ? ctd_client_failed(request->client, err, "apply", "%s", request->message.diff->digest) : result;
}

static int apply_push(lua_State *L, struct ctd_op *op, void *data) {
  const Containerd__Types__Descriptor *applied = ((const struct apply *)data)->reply->applied;
  (void)op;
  ctd_message_push(L, applied ? &applied->base : NULL);
  return 1;
}

static void apply_release(void *data) {
  struct apply *request = data;
  if (request->reply)
    protobuf_c_message_free_unpacked(&request->reply->base, NULL);
}

static const struct ctd_option apply_arguments[] = {
    {"descriptor", descriptor_read, offsetof(struct apply, message.diff), false},
    {"mounts", ctd_message_read_option, offsetof(struct apply, message), false},
    {NULL, NULL, 0, false},
};

static const struct ctd_option apply_options[] = {
    {"payloads", ctd_message_read_option, offsetof(struct apply, message), false},
    {"sync_fs", ctd_message_read_option, offsetof(struct apply, message), false},
    {NULL, NULL, 0, false},
};

static const struct ctd_method apply_method = {
    .name = "apply",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct apply),
    .arguments = apply_arguments,
    .options = apply_options,
    .parse = apply_parse,
    .run = apply_run,
    .push = apply_push,
    .release = apply_release,
};

struct compare {
  struct ctd_client *client;
  Containerd__Services__Diff__V1__DiffRequest message;
  Containerd__Services__Diff__V1__DiffResponse *reply;
};

static void compare_parse(lua_State *L, struct ctd_op *op, void *data) {
  (void)L, (void)op;
  containerd__services__diff__v1__diff_request__init(&((struct compare *)data)->message);
}

static void lower_read(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  ctd_message_read_field(L, index, op, name, target, "left");
}

static void upper_read(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  ctd_message_read_field(L, index, op, name, target, "right");
}

static int compare_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct compare *request = data;
  int result = ctd_diff_compare(request->client, &request->message, &request->reply, scope, err);
  return result < 0 ? ctd_client_failed(request->client, err, "compare", "of mounts") : result;
}

static int compare_push(lua_State *L, struct ctd_op *op, void *data) {
  const Containerd__Types__Descriptor *diff = ((const struct compare *)data)->reply->diff;
  (void)op;
  ctd_message_push(L, diff ? &diff->base : NULL);
  return 1;
}

static void compare_release(void *data) {
  struct compare *request = data;
  if (request->reply)
    protobuf_c_message_free_unpacked(&request->reply->base, NULL);
}

static const struct ctd_option compare_arguments[] = {
    {"lower", lower_read, offsetof(struct compare, message), false},
    {"upper", upper_read, offsetof(struct compare, message), false},
    {NULL, NULL, 0, false},
};

static const struct ctd_option compare_options[] = {
    {"media_type", ctd_message_read_option, offsetof(struct compare, message), false},
    {"ref", ctd_message_read_option, offsetof(struct compare, message), false},
    {"labels", ctd_message_read_option, offsetof(struct compare, message), false},
    {"source_date_epoch", ctd_message_read_option, offsetof(struct compare, message), false},
    {NULL, NULL, 0, false},
};

static const struct ctd_method compare_method = {
    .name = "compare",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct compare),
    .arguments = compare_arguments,
    .options = compare_options,
    .parse = compare_parse,
    .run = compare_run,
    .push = compare_push,
    .release = compare_release,
};

int ctd_diff_function(lua_State *L) {
  return ctd_service_push(L, &ctd_diff_type);
}

static const struct ctd_method *const diff_methods[] = {&apply_method, &compare_method, NULL};

const struct ctd_type ctd_diff_type = {
    .name = "containerd.diff",
    .ref = ctd_service_ref,
    .unref = ctd_service_unref,
    .describe = ctd_service_describe,
    .methods = diff_methods,
};
