#include "lua/container_options.h"
#include "lua/json.h"
#include "lua/op.h"

#define OPTION(member) offsetof(struct ctd_new_container, options.member)
#define SPEC(member) offsetof(struct ctd_new_container, options.spec.member)

static void read_limit_or_none(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  if (lua_type(L, index) == LUA_TNUMBER && lua_tonumber(L, index) == -1)
    *(int64_t *)target = -1;
  else
    ctd_read_memory(L, index, op, name, target);
}

static void read_positive(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  int number = 0;
  ctd_read_count(L, index, op, name, &number);
  *(int64_t *)target = number;
}

static void read_quota(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  ctd_read_integer(L, index, op, name, target);
  if (*(int64_t *)target == 0)
    ctd_read_failed(L, index, op, name, "integer other than 0");
}

static void read_given_integer(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  struct ctd_given *given = target;
  ctd_read_integer(L, index, op, name, &given->value);
  given->is = true;
}

static void read_given_boolean(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  struct ctd_given *given = target;
  bool value;
  ctd_read_boolean(L, index, op, name, &value);
  *given = (struct ctd_given){.is = true, .value = value};
}

static void read_table(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  ctd_read_json(L, index, op, name, target);
  if (!json_is_object(*(json_t **)target))
    ctd_misuse(L, op, "\"%s\": table by names expected, got an array", name);
}

/* Sizes by page sizes, each a number of bytes or "64M". */
static void read_hugepages(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  read_table(L, index, op, name, target);
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    int64_t size;
    ctd_read_size(L, lua_gettop(L), op, name, &size);
    if (json_object_set_new(*(json_t **)target, lua_tostring(L, -2), json_integer(size)))
      luaL_error(L, "not enough memory");
  }
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

const struct ctd_option ctd_new_container_options[] = {
    {"snapshot", ctd_read_string, OPTION(snapshot), false},
    {"snapshot_view", ctd_read_boolean, OPTION(snapshot_view), false},
    {"snapshotter", ctd_read_string, OPTION(snapshotter), false},
    {"rootfs", ctd_read_string, OPTION(rootfs), false},
    {"labels", ctd_read_labels, OPTION(labels), false},
    {"extensions", ctd_read_extensions, OPTION(extensions), false},
    {"auto_delete", ctd_read_boolean, offsetof(struct ctd_new_container, auto_delete), false},
    {"restart", ctd_read_string, OPTION(restart), false},
    {"runtime", ctd_read_string, OPTION(runtime), false},
    {"runtime_options", ctd_read_runtime_options, OPTION(runtime_options), false},

    {"args", ctd_read_strings, SPEC(args), false},
    {"command", ctd_read_strings, SPEC(command), false},
    {"env", ctd_read_env, SPEC(env), false},
    {"env_file", ctd_read_string, SPEC(env_file), false},
    {"cwd", ctd_read_string, SPEC(cwd), false},
    {"user", ctd_read_string, SPEC(user), false},
    {"additional_groups", ctd_read_array, SPEC(additional_groups), false},
    {"tty", ctd_read_boolean, SPEC(tty), false},
    {"rlimits", ctd_read_array, SPEC(rlimits), false},
    {"oom_score_adj", read_given_integer, SPEC(oom_score_adj), false},
    {"no_new_privileges", read_given_boolean, SPEC(no_new_privileges), false},
    {"selinux_label", ctd_read_string, SPEC(selinux_label), false},
    {"apparmor", ctd_read_string, SPEC(apparmor), false},

    {"hostname", ctd_read_string, SPEC(hostname), false},
    {"domainname", ctd_read_string, SPEC(domainname), false},
    {"annotations", ctd_read_named_strings, SPEC(annotations), false},
    {"cgroup", ctd_read_string, SPEC(cgroup), false},
    {"namespaces", read_table, SPEC(namespaces), false},
    {"uid_maps", ctd_read_array, SPEC(uid_maps), false},
    {"gid_maps", ctd_read_array, SPEC(gid_maps), false},

    {"mounts", ctd_read_array, SPEC(mounts), false},
    {"tmpfs", ctd_read_strings, SPEC(tmpfs), false},
    {"masked_paths", ctd_read_strings, SPEC(masked_paths), false},
    {"readonly_paths", ctd_read_strings, SPEC(readonly_paths), false},
    {"rootfs_propagation", ctd_read_string, SPEC(rootfs_propagation), false},
    {"readonly", ctd_read_boolean, SPEC(readonly), false},

    {"privileged", ctd_read_boolean, SPEC(privileged), false},
    {"capabilities", ctd_read_strings, SPEC(capabilities), false},
    {"cap_add", ctd_read_strings, SPEC(cap_add), false},
    {"cap_drop", ctd_read_strings, SPEC(cap_drop), false},
    {"seccomp", ctd_read_string, SPEC(seccomp), false},
    {"devices", ctd_read_array, SPEC(devices), false},
    {"device_rules", ctd_read_array, SPEC(device_rules), false},
    {"sysctls", read_table, SPEC(sysctls), false},

    {"memory", ctd_read_memory, SPEC(memory), false},
    {"memory_swap", read_limit_or_none, SPEC(memory_swap), false},
    {"memory_reservation", ctd_read_memory, SPEC(memory_reservation), false},
    {"cpus", ctd_read_number, SPEC(cpus), false},
    {"cpu_shares", read_positive, SPEC(cpu_shares), false},
    {"cpu_quota", read_quota, SPEC(cpu_quota), false},
    {"cpu_period", read_positive, SPEC(cpu_period), false},
    {"cpuset", ctd_read_string, SPEC(cpuset), false},
    {"cpuset_mems", ctd_read_string, SPEC(cpuset_mems), false},
    {"pids_limit", read_positive, SPEC(pids_limit), false},
    {"blkio_weight", read_positive, SPEC(blkio_weight), false},
    {"hugepages", read_hugepages, SPEC(hugepages), false},
    {"rdt_class", ctd_read_string, SPEC(rdt_class), false},
    {"cgroup_v2", ctd_read_named_strings, SPEC(cgroup_v2), false},

    {"spec", ctd_read_spec, OPTION(ready_spec), false},
    {"edit", read_edit, offsetof(struct ctd_new_container, options), false},
    {NULL, NULL, 0, false},
};
