#include "client/push.h"
#include "lua/image_methods.h"
#include "lua/op.h"
#include "lua/record.h"
#include "lua/registry_options.h"
#include "lua/types.h"

struct push {
  void *receiver; /* client or image */
  const char *reference;
  struct ctd_image *image; /* a reference of its own; NULL: the receiver */
  struct ctd_push_options options;
  struct ctd_descriptor pushed;
};

static const struct ctd_option push_options[] = {
    {"platform", ctd_read_string, offsetof(struct push, options.platform), false},
    {"max_concurrent", ctd_read_count, offsetof(struct push, options.max_concurrent), false},
    {"chunk_size", ctd_read_size, offsetof(struct push, options.chunk_size), false},
    CTD_REGISTRY_OPTIONS(offsetof(struct push, options.registry), offsetof(struct push, options.listener)),
    {NULL, NULL, 0, false},
};

static void push_parse(lua_State *L, struct ctd_op *op, void *data) {
  (void)L, (void)op;
  ((struct push *)data)->options.registry.auth.docker_config = true;
}

static int push_push(lua_State *L, struct ctd_op *op, void *data) {
  (void)op;
  ctd_record_push_descriptor(L, &((const struct push *)data)->pushed);
  return 1;
}

static void push_release(void *data) {
  ctd_descriptor_free(&((struct push *)data)->pushed);
}

static const struct ctd_option client_arguments[] = {
    {"reference", ctd_read_string, offsetof(struct push, reference), false},
    {"image", ctd_read_image, offsetof(struct push, image), false},
    {NULL, NULL, 0, false},
};

static int client_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct push *request = data;
  return ctd_push(request->receiver, request->reference, request->image, &request->options, scope, &request->pushed,
                  err);
}

const struct ctd_method ctd_push_method = {
    .name = "push",
    .size = sizeof(struct push),
    .arguments = client_arguments,
    .options = push_options,
    .parse = push_parse,
    .run = client_run,
    .push = push_push,
    .release = push_release,
};

static const struct ctd_option image_arguments[] = {
    {"reference", ctd_read_string, offsetof(struct push, reference), false},
    {NULL, NULL, 0, false},
};

static int image_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct push *request = data;
  return ctd_push(ctd_image_client(request->receiver), request->reference, request->receiver, &request->options, scope,
                  &request->pushed, err);
}

const struct ctd_method ctd_image_push_method = {
    .name = "push",
    .size = sizeof(struct push),
    .arguments = image_arguments,
    .options = push_options,
    .parse = push_parse,
    .run = image_run,
    .push = push_push,
    .release = push_release,
};
