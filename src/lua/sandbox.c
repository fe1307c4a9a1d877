#include "lua/sandbox.h"
#include "lua/container_options.h"
#include "lua/label_changes.h"
#include "lua/message.h"
#include "lua/types.h"
#include <string.h>

static void *sandbox_ref(void *sandbox) {
  return ctd_sandbox_ref(sandbox);
}

static void sandbox_unref(void *sandbox) {
  ctd_sandbox_unref(sandbox);
}

static void sandbox_describe(lua_State *L, void *sandbox) {
  lua_pushstring(L, ctd_sandbox_id(sandbox));
}

/* An id in a namespace of one daemon. */
static bool sandbox_equal(void *a, void *b) {
  const struct ctd_client *one = ctd_sandbox_client(a), *other = ctd_sandbox_client(b);
  return !strcmp(ctd_sandbox_id(a), ctd_sandbox_id(b)) &&
         !strcmp(ctd_client_namespace(one), ctd_client_namespace(other)) &&
         !strcmp(ctd_client_address(one), ctd_client_address(other));
}

static int sandbox_dispose(void *sandbox, struct ctd_scope *scope, struct ctd_error *err) {
  return ctd_sandbox_destroy(sandbox, scope, err);
}

static int push_field(lua_State *L, const char *name) {
  const struct ctd_sandbox *sandbox = ctd_object_check(L, 1, &ctd_sandbox_type)->pointer;
  ctd_message_push(L, &ctd_sandbox_record(sandbox)->base);
  lua_getfield(L, -1, name);
  return 1;
}

static int sandbox_id(lua_State *L) {
  return push_field(L, "sandbox_id");
}

static int sandbox_sandboxer(lua_State *L) {
  return push_field(L, "sandboxer");
}

static int sandbox_runtime(lua_State *L) {
  return push_field(L, "runtime");
}

static int sandbox_labels(lua_State *L) {
  return push_field(L, "labels");
}

static int sandbox_extensions(lua_State *L) {
  return push_field(L, "extensions");
}

static int sandbox_created(lua_State *L) {
  return push_field(L, "created_at");
}

static int sandbox_updated(lua_State *L) {
  return push_field(L, "updated_at");
}

static int sandbox_spec(lua_State *L) {
  const struct ctd_sandbox *sandbox = ctd_object_check(L, 1, &ctd_sandbox_type)->pointer;
  const Google__Protobuf__Any *spec = ctd_sandbox_record(sandbox)->spec;
  if (!spec)
    return 0;
  ctd_message_push_any(L, spec);
  return 1;
}

struct request {
  struct ctd_sandbox *sandbox;
};

static int info_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  return ctd_sandbox_refresh(((struct request *)data)->sandbox, scope, err);
}

static int info_push(lua_State *L, struct ctd_op *op, void *data) {
  (void)op;
  ctd_message_push(L, &ctd_sandbox_record(((const struct request *)data)->sandbox)->base);
  return 1;
}

static const struct ctd_method info_method = {
    .name = "info",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct request),
    .run = info_run,
    .push = info_push,
};

struct update {
  struct ctd_sandbox *sandbox;
  struct ctd_sandbox_changes changes;
  struct ctd_labels labels;
};

static void update_parse(lua_State *L, struct ctd_op *op, void *data) {
  (void)L, (void)op;
  containerd__types__sandbox__init(&((struct update *)data)->changes.record);
}

/* An empty table asks for no labels, none at all for those that there are. */
static void read_labels(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  struct ctd_sandbox_changes *changes = target;
  ctd_message_read_option(L, index, op, name, &changes->record);
  changes->labels = true;
}

static const struct ctd_option update_options[] = {
    {"labels", read_labels, offsetof(struct update, changes), false},
    {"extensions", ctd_message_read_option, offsetof(struct update, changes.record), false},
    {"spec", ctd_read_spec, offsetof(struct update, changes.spec), false},
    {NULL, NULL, 0, false},
};

static int update_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct update *request = data;
  return ctd_sandbox_update(request->sandbox, &request->changes, scope, err);
}

static const struct ctd_method update_method = {
    .name = "update",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct update),
    .options = update_options,
    .parse = update_parse,
    .run = update_run,
};

static const struct ctd_option set_labels_arguments[] = {
    {"labels", ctd_read_label_changes, offsetof(struct update, labels), false},
    {NULL, NULL, 0, false},
};

static int set_labels_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct update *request = data;
  request->changes.labels_merged = &request->labels;
  return update_run(request, scope, err);
}

static int set_labels_push(lua_State *L, struct ctd_op *op, void *data) {
  info_push(L, op, data);
  lua_getfield(L, -1, "labels");
  return 1;
}

static const struct ctd_method set_labels_method = {
    .name = "set_labels",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct update),
    .arguments = set_labels_arguments,
    .parse = update_parse,
    .run = set_labels_run,
    .push = set_labels_push,
};

static const struct ctd_method *const sandbox_methods[] = {
    &info_method,
    &update_method,
    &set_labels_method,
    &ctd_sandbox_start_method,
    &ctd_sandbox_wait_method,
    &ctd_sandbox_status_method,
    &ctd_sandbox_stop_method,
    &ctd_sandbox_delete_method,
    NULL,
};

static const luaL_Reg sandbox_functions[] = {
    {"id", sandbox_id},
    {"sandboxer", sandbox_sandboxer},
    {"runtime", sandbox_runtime},
    {"labels", sandbox_labels},
    {"extensions", sandbox_extensions},
    {"created", sandbox_created},
    {"updated", sandbox_updated},
    {"spec", sandbox_spec},
    {NULL, NULL},
};

const struct ctd_type ctd_sandbox_type = {
    .name = "containerd.sandbox",
    .ref = sandbox_ref,
    .unref = sandbox_unref,
    .describe = sandbox_describe,
    .equal = sandbox_equal,
    .dispose = sandbox_dispose,
    .functions = sandbox_functions,
    .methods = sandbox_methods,
};
