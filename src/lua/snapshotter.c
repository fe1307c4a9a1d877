#include "client/snapshotter.h"
#include "lua/filters.h"
#include "lua/message.h"
#include "lua/types.h"

static void *snapshotter_ref(void *snapshotter) {
  return ctd_snapshotter_ref(snapshotter);
}

static void snapshotter_unref(void *snapshotter) {
  ctd_snapshotter_unref(snapshotter);
}

static void snapshotter_describe(lua_State *L, void *snapshotter) {
  lua_pushstring(L, ctd_snapshotter_name(snapshotter));
}

struct snapshots {
  struct ctd_client *client;
  const char *name;
  struct ctd_snapshotter *snapshotter;
};

static int snapshots_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct snapshots *request = data;
  return ctd_snapshotter_new(&request->snapshotter, request->client, request->name, scope, err);
}

static int snapshots_push(lua_State *L, struct ctd_op *op, void *data) {
  ctd_object_push(L, &ctd_snapshotter_type, &((struct snapshots *)data)->snapshotter, op->safe);
  return 1;
}

static void snapshots_release(void *data) {
  ctd_snapshotter_unref(((struct snapshots *)data)->snapshotter);
}

static const struct ctd_option snapshots_arguments[] = {
    {"snapshotter", ctd_read_string, offsetof(struct snapshots, name), true},
    {NULL, NULL, 0, false},
};

const struct ctd_method ctd_snapshots_method = {
    .name = "snapshots",
    .size = sizeof(struct snapshots),
    .arguments = snapshots_arguments,
    .run = snapshots_run,
    .push = snapshots_push,
    .release = snapshots_release,
};

/* Of all methods that concern one snapshot. */
struct request {
  struct ctd_snapshotter *snapshotter;
  const char *key, *parent, *name;
  struct ctd_labels labels;
  ProtobufCMessage *reply;
};

static void request_release(void *data) {
  struct request *request = data;
  if (request->reply)
    protobuf_c_message_free_unpacked(request->reply, NULL);
}

static int push_reply(lua_State *L, struct ctd_op *op, void *data) {
  (void)op;
  ctd_message_push(L, ((struct request *)data)->reply);
  return 1;
}

static int push_mounts(lua_State *L, struct ctd_op *op, void *data) {
  push_reply(L, op, data);
  lua_getfield(L, -1, "mounts");
  return 1;
}

static int push_info(lua_State *L, struct ctd_op *op, void *data) {
  push_reply(L, op, data);
  lua_getfield(L, -1, "info");
  return 1;
}

static const struct ctd_option key_arguments[] = {
    {"key", ctd_read_string, offsetof(struct request, key), false},
    {NULL, NULL, 0, false},
};

static const struct ctd_option make_arguments[] = {
    {"key", ctd_read_string, offsetof(struct request, key), false},
    {"parent", ctd_read_string, offsetof(struct request, parent), true},
    {NULL, NULL, 0, false},
};

static const struct ctd_option labels_options[] = {
    {"labels", ctd_read_labels, offsetof(struct request, labels), false},
    {NULL, NULL, 0, false},
};

static int prepare_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct request *request = data;
  return ctd_snapshotter_prepare(request->snapshotter, request->key, request->parent, &request->labels, &request->reply,
                                 scope, err);
}

static const struct ctd_method prepare_method = {
    .name = "prepare",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct request),
    .arguments = make_arguments,
    .options = labels_options,
    .run = prepare_run,
    .push = push_mounts,
    .release = request_release,
};

static int view_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct request *request = data;
  return ctd_snapshotter_view(request->snapshotter, request->key, request->parent, &request->labels, &request->reply,
                              scope, err);
}

static const struct ctd_method view_method = {
    .name = "view",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct request),
    .arguments = make_arguments,
    .options = labels_options,
    .run = view_run,
    .push = push_mounts,
    .release = request_release,
};

static int mounts_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct request *request = data;
  return ctd_snapshotter_mounts(request->snapshotter, request->key, &request->reply, scope, err);
}

static const struct ctd_method mounts_method = {
    .name = "mounts",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct request),
    .arguments = key_arguments,
    .run = mounts_run,
    .push = push_mounts,
    .release = request_release,
};

static int stat_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct request *request = data;
  return ctd_snapshotter_stat(request->snapshotter, request->key, &request->reply, scope, err);
}

static const struct ctd_method stat_method = {
    .name = "stat",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct request),
    .arguments = key_arguments,
    .run = stat_run,
    .push = push_info,
    .release = request_release,
};

static int usage_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct request *request = data;
  return ctd_snapshotter_usage(request->snapshotter, request->key, &request->reply, scope, err);
}

static const struct ctd_method usage_method = {
    .name = "usage",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct request),
    .arguments = key_arguments,
    .run = usage_run,
    .push = push_reply,
    .release = request_release,
};

/* Labels, of which `false` removes one; for containerd that is the value "". */
static void changes_read(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  if (lua_type(L, index) != LUA_TTABLE)
    ctd_read_failed(L, index, op, name, "table of labels");
  lua_newtable(L);
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    lua_pushvalue(L, -2);
    if (lua_type(L, -2) == LUA_TBOOLEAN && !lua_toboolean(L, -2))
      lua_pushliteral(L, "");
    else
      lua_pushvalue(L, -2);
    lua_rawset(L, -5);
  }
  ctd_read_labels(L, lua_gettop(L), op, name, target);
  lua_pop(L, 1);
}

static const struct ctd_option update_arguments[] = {
    {"key", ctd_read_string, offsetof(struct request, key), false},
    {"labels", changes_read, offsetof(struct request, labels), false},
    {NULL, NULL, 0, false},
};

static int update_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct request *request = data;
  return ctd_snapshotter_update(request->snapshotter, request->key, &request->labels, &request->reply, scope, err);
}

static const struct ctd_method update_method = {
    .name = "update",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct request),
    .arguments = update_arguments,
    .run = update_run,
    .push = push_info,
    .release = request_release,
};

static const struct ctd_option commit_arguments[] = {
    {"name", ctd_read_string, offsetof(struct request, name), false},
    {"key", ctd_read_string, offsetof(struct request, key), false},
    {NULL, NULL, 0, false},
};

static int commit_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct request *request = data;
  return ctd_snapshotter_commit(request->snapshotter, request->name, request->key, &request->labels, scope, err);
}

static const struct ctd_method commit_method = {
    .name = "commit",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct request),
    .arguments = commit_arguments,
    .options = labels_options,
    .run = commit_run,
};

static int remove_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct request *request = data;
  return ctd_snapshotter_remove(request->snapshotter, request->key, scope, err);
}

static const struct ctd_method remove_method = {
    .name = "remove",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct request),
    .arguments = key_arguments,
    .run = remove_run,
};

static int cleanup_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct request *request = data;
  return ctd_snapshotter_cleanup(request->snapshotter, scope, err);
}

static const struct ctd_method cleanup_method = {
    .name = "cleanup",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct request),
    .run = cleanup_run,
};

struct mount {
  struct ctd_snapshotter *snapshotter;
  const char *key, *path;
};

static const struct ctd_option mount_arguments[] = {
    {"key", ctd_read_string, offsetof(struct mount, key), false},
    {"path", ctd_read_string, offsetof(struct mount, path), false},
    {NULL, NULL, 0, false},
};

static int mount_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  const struct mount *request = data;
  return ctd_snapshotter_mount(request->snapshotter, request->key, request->path, scope, err);
}

static const struct ctd_method mount_method = {
    .name = "mount",
    .size = sizeof(struct mount),
    .arguments = mount_arguments,
    .run = mount_run,
};

static const struct ctd_option unmount_arguments[] = {
    {"path", ctd_read_string, offsetof(struct mount, path), false},
    {NULL, NULL, 0, false},
};

static int unmount_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  const struct mount *request = data;
  (void)scope;
  return ctd_snapshotter_unmount(request->snapshotter, request->path, err);
}

static const struct ctd_method unmount_method = {
    .name = "unmount",
    .size = sizeof(struct mount),
    .arguments = unmount_arguments,
    .run = unmount_run,
};

struct list {
  struct ctd_snapshotter *snapshotter;
  struct ctd_filters filters;
  struct ctd_snapshot_list list;
};

static void list_parse(lua_State *L, struct ctd_op *op, void *data) {
  ctd_filters_read(L, op, &((struct list *)data)->filters);
}

static int list_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct list *request = data;
  return ctd_snapshotter_list(request->snapshotter, request->filters.items, request->filters.count, &request->list,
                              scope, err);
}

static int list_push(lua_State *L, struct ctd_op *op, void *data) {
  const struct list *request = data;
  int count = 0;
  (void)op;
  lua_newtable(L);
  for (size_t i = 0; i < request->list.count; i++)
    for (size_t k = 0; k < request->list.items[i]->n_info; k++) {
      ctd_message_push(L, &request->list.items[i]->info[k]->base);
      lua_rawseti(L, -2, ++count);
    }
  return 1;
}

static void list_release(void *data) {
  ctd_snapshot_list_free(&((struct list *)data)->list);
}

static const struct ctd_method list_method = {
    .name = "list",
    .flags = CTD_METHOD_VARIADIC,
    .size = sizeof(struct list),
    .parse = list_parse,
    .run = list_run,
    .push = list_push,
    .release = list_release,
};

static const struct ctd_method *const snapshotter_methods[] = {
    &prepare_method, &view_method,   &commit_method,  &mounts_method, &stat_method,    &usage_method, &update_method,
    &list_method,    &remove_method, &cleanup_method, &mount_method,  &unmount_method, NULL,
};

const struct ctd_type ctd_snapshotter_type = {
    .name = "containerd.snapshotter",
    .ref = snapshotter_ref,
    .unref = snapshotter_unref,
    .describe = snapshotter_describe,
    .methods = snapshotter_methods,
};
