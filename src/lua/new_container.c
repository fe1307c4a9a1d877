#include "client/container.h"
#include "lua/container_options.h"
#include "lua/op.h"
#include "lua/types.h"

static const struct ctd_option new_container_arguments[] = {
    {"id", ctd_read_string, offsetof(struct ctd_new_container, id), false},
    {NULL, NULL, 0, false},
};

static int of_image_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct ctd_new_container *request = data;
  return ctd_container_create(request->owner, request->id, &request->options, scope, &request->container, err);
}

static int of_client_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct ctd_new_container *request = data;
  return ctd_container_create_bare(request->owner, request->id, &request->options, scope, &request->container, err);
}

static int new_container_push(lua_State *L, struct ctd_op *op, void *data) {
  struct ctd_new_container *request = data;
  struct ctd_object *object = ctd_object_push(L, &ctd_container_type, &request->container, op->safe);
  object->auto_delete = request->auto_delete;
  return 1;
}

/* A container that the script never got to see goes as one with auto_delete does. */
static void new_container_release(void *data) {
  struct ctd_new_container *request = data;
  struct ctd_error err = {0};
  if (request->container && request->auto_delete)
    ctd_object_dispose(&ctd_container_type, request->container, &err);
  ctd_error_clear(&err);
  ctd_container_unref(request->container);
}

const struct ctd_method ctd_new_container_method = {
    .name = "new_container",
    .size = sizeof(struct ctd_new_container),
    .arguments = new_container_arguments,
    .options = ctd_new_container_options,
    .run = of_image_run,
    .push = new_container_push,
    .release = new_container_release,
};

const struct ctd_method ctd_client_new_container_method = {
    .name = "new_container",
    .size = sizeof(struct ctd_new_container),
    .arguments = new_container_arguments,
    .options = ctd_new_container_options,
    .run = of_client_run,
    .push = new_container_push,
    .release = new_container_release,
};
