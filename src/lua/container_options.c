#include "lua/container_options.h"
#include "client/sandbox.h"
#include "lua/op.h"
#include "lua/spec_options.h"
#include "lua/types.h"

#define OPTION(member) offsetof(struct ctd_new_container, options.member)
#define SPEC(member) offsetof(struct ctd_new_container, options.spec.member)

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

/* The id of a sandbox, or the sandbox. */
static void read_sandbox(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  const struct ctd_object *object = ctd_object_test(L, index, &ctd_sandbox_type);
  if (!object) {
    ctd_read_string(L, index, op, name, target);
    return;
  }
  if (!object->pointer)
    ctd_misuse(L, op, "\"%s\": the sandbox is closed", name);
  lua_pushstring(L, ctd_sandbox_id(object->pointer));
  ctd_read_string(L, lua_gettop(L), op, name, target);
  lua_pop(L, 1);
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
    {"sandbox", read_sandbox, OPTION(sandbox), false},

    CTD_PROCESS_OPTIONS(SPEC),
    {"command", ctd_read_strings, SPEC(command), false},
    {"oom_score_adj", ctd_read_given_integer, SPEC(oom_score_adj), false},
    {"tty", ctd_read_boolean, SPEC(tty), false},

    {"hostname", ctd_read_string, SPEC(hostname), false},
    {"domainname", ctd_read_string, SPEC(domainname), false},
    {"annotations", ctd_read_named_strings, SPEC(annotations), false},
    {"cgroup", ctd_read_string, SPEC(cgroup), false},
    {"namespaces", ctd_read_object, SPEC(namespaces), false},
    {"uid_maps", ctd_read_array, SPEC(uid_maps), false},
    {"gid_maps", ctd_read_array, SPEC(gid_maps), false},

    {"mounts", ctd_read_array, SPEC(mounts), false},
    {"tmpfs", ctd_read_strings, SPEC(tmpfs), false},
    {"masked_paths", ctd_read_strings, SPEC(masked_paths), false},
    {"readonly_paths", ctd_read_strings, SPEC(readonly_paths), false},
    {"rootfs_propagation", ctd_read_string, SPEC(rootfs_propagation), false},
    {"readonly", ctd_read_boolean, SPEC(readonly), false},

    {"privileged", ctd_read_boolean, SPEC(privileged), false},
    {"seccomp", ctd_read_string, SPEC(seccomp), false},
    {"devices", ctd_read_array, SPEC(devices), false},
    {"device_rules", ctd_read_array, SPEC(device_rules), false},
    {"sysctls", ctd_read_object, SPEC(sysctls), false},

    CTD_LIMIT_OPTIONS(SPEC),
    {"rdt_class", ctd_read_string, SPEC(rdt_class), false},

    {"spec", ctd_read_spec, OPTION(ready_spec), false},
    {"edit", read_edit, offsetof(struct ctd_new_container, options), false},
    {NULL, NULL, 0, false},
};
