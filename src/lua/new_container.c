#include "client/container.h"
#include "lua/op.h"
#include "lua/types.h"

struct new_container {
  struct ctd_image *image;
  const char *id;
  struct ctd_container_options options;
  bool auto_delete;
  struct ctd_container *container;
};

#define OPTION(member) offsetof(struct new_container, options.member)
#define SPEC(member) offsetof(struct new_container, options.spec.member)

static void read_pids_limit(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  int limit = 0;
  ctd_read_count(L, index, op, name, &limit);
  *(int64_t *)target = limit;
}

static int ask_edit(void *context, json_t **spec, struct ctd_error *err) {
  json_t *edited = NULL;
  if (ctd_upcall_ask(context, "edit", json_incref(*spec), &edited, err))
    return -1;
  json_decref(*spec);
  *spec = edited;
  return json_is_object(edited) ? 0 : ctd_error_set(err, CTD_INVALID_ARGUMENT, "edit gave something else than a spec");
}

static void read_edit(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  struct ctd_container_options *options = target;
  ctd_read_function(L, index, op, name, NULL);
  options->edit = ask_edit;
  options->edit_context = op;
}

static const struct ctd_option new_container_arguments[] = {
    {"id", ctd_read_string, offsetof(struct new_container, id), false},
    {NULL, NULL, 0, false},
};

static const struct ctd_option new_container_options[] = {
    {"snapshot", ctd_read_string, OPTION(snapshot), false},
    {"snapshotter", ctd_read_string, OPTION(snapshotter), false},
    {"runtime", ctd_read_string, OPTION(runtime), false},
    {"labels", ctd_read_labels, OPTION(labels), false},
    {"auto_delete", ctd_read_boolean, offsetof(struct new_container, auto_delete), false},
    {"args", ctd_read_strings, SPEC(args), false},
    {"command", ctd_read_strings, SPEC(command), false},
    {"env", ctd_read_env, SPEC(env), false},
    {"cwd", ctd_read_string, SPEC(cwd), false},
    {"user", ctd_read_string, SPEC(user), false},
    {"hostname", ctd_read_string, SPEC(hostname), false},
    {"mounts", ctd_read_array, SPEC(mounts), false},
    {"memory", ctd_read_memory, SPEC(memory), false},
    {"cpus", ctd_read_number, SPEC(cpus), false},
    {"pids_limit", read_pids_limit, SPEC(pids_limit), false},
    {"cap_add", ctd_read_strings, SPEC(cap_add), false},
    {"cap_drop", ctd_read_strings, SPEC(cap_drop), false},
    {"tty", ctd_read_boolean, SPEC(tty), false},
    {"readonly", ctd_read_boolean, SPEC(readonly), false},
    {"edit", read_edit, offsetof(struct new_container, options), false},
    {NULL, NULL, 0, false},
};

static int new_container_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct new_container *request = data;
  return ctd_container_create(request->image, request->id, &request->options, scope, &request->container, err);
}

static int new_container_push(lua_State *L, struct ctd_op *op, void *data) {
  struct new_container *request = data;
  struct ctd_object *object = ctd_object_push(L, &ctd_container_type, &request->container, op->safe);
  object->auto_delete = request->auto_delete;
  return 1;
}

/* A container that the script never got to see goes as one with auto_delete does. */
static void new_container_release(void *data) {
  struct new_container *request = data;
  struct ctd_error err = {0};
  if (request->container && request->auto_delete)
    ctd_object_dispose(&ctd_container_type, request->container, &err);
  ctd_error_clear(&err);
  ctd_container_unref(request->container);
}

const struct ctd_method ctd_new_container_method = {
    .name = "new_container",
    .size = sizeof(struct new_container),
    .arguments = new_container_arguments,
    .options = new_container_options,
    .run = new_container_run,
    .push = new_container_push,
    .release = new_container_release,
};
