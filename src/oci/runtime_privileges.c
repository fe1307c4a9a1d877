#include "base/json.h"
#include "oci/runtime_capability.h"
#include "oci/runtime_device.h"
#include "oci/runtime_option.h"
#include "oci/runtime_seccomp.h"
#include "oci/runtime_spec.h"
#include <stdlib.h>
#include <string.h>

/* The kernel's files in /sys become writable. */
static int sysfs_make_writable(json_t *spec, struct ctd_error *err) {
  json_t *mount, *option;
  size_t i, j;
  json_array_foreach(json_object_get(spec, "mounts"), i, mount) {
    const char *type = json_string_value(json_object_get(mount, "type"));
    if (!type || strcmp(type, "sysfs") != 0)
      continue;
    json_t *options = json_object_get(mount, "options");
    json_array_foreach(options, j, option) {
      if (!strcmp(json_string_value(option), "ro") && json_array_set_new(options, j, json_string("rw")))
        return ctd_error_nomem(err);
    }
  }
  return 0;
}

static int all_capabilities(json_t *spec, struct ctd_error *err) {
  json_t *all = json_pack("[s]", "ALL");
  int result = all ? ctd_runtime_capabilities_set(spec, all, err) : ctd_error_nomem(err);
  json_decref(all);
  return result;
}

static int apply_privileged(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  json_t *platform, *process;
  if (!options->privileged)
    return 0;
  if (all_capabilities(spec, err) || !(platform = ctd_runtime_spec_at(spec, "linux", err)) ||
      !(process = ctd_runtime_spec_at(spec, "process", err)))
    return -1;
  json_object_del(platform, "maskedPaths");
  json_object_del(platform, "readonlyPaths");
  json_object_del(platform, "seccomp");
  json_object_del(process, "selinuxLabel");
  json_object_del(process, "apparmorProfile");
  if (sysfs_make_writable(spec, err) ||
      ctd_runtime_option_put(spec, "linux.resources", "devices", json_pack("[{s:b, s:s}]", "allow", 1, "access", "rwm"),
                             err))
    return -1;
  return ctd_runtime_devices_add_host(spec, err);
}

static int apply_capabilities(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  return options->capabilities ? ctd_runtime_capabilities_set(spec, options->capabilities, err) : 0;
}

static int apply_cap_changes(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  if (!options->cap_add && !options->cap_drop)
    return 0;
  return ctd_runtime_capabilities_change(spec, options->cap_add, options->cap_drop, err);
}

static int profile_read(json_t **out, const char *path, struct ctd_error *err) {
  char *text;
  if (ctd_runtime_option_read("seccomp", path, &text, err))
    return -1;
  int result = ctd_json_parse(out, text, strlen(text), path, err);
  free(text);
  if (result)
    return ctd_error_prefix(err, "seccomp");
  if (json_is_string(json_object_get(*out, "defaultAction")))
    return 0;
  json_decref(*out);
  return ctd_error_set(err, CTD_INVALID_ARGUMENT, "seccomp: %s: no \"defaultAction\"", path);
}

/* The default profile depends on the capabilities, which are settled by now. */
static int apply_seccomp(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  const char *word = options->seccomp;
  json_t *profile, *sets;
  if (!word)
    return 0;
  if (!strcmp(word, "unconfined")) {
    json_object_del(json_object_get(spec, "linux"), "seccomp");
    return 0;
  }
  if (strcmp(word, "default") != 0 && *word != '/')
    return ctd_runtime_option_invalid("seccomp", "\"default\", \"unconfined\" or the absolute path of a profile", err);
  if (!(sets = ctd_runtime_spec_at(spec, "process.capabilities", err)) ||
      (*word == '/' ? profile_read(&profile, word, err)
                    : ctd_runtime_seccomp_default(&profile, json_object_get(sets, "bounding"), err)))
    return -1;
  return ctd_runtime_option_put(spec, "linux", "seccomp", profile, err);
}

static int apply_devices(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  return options->devices ? ctd_runtime_devices_add(spec, options->devices, err) : 0;
}

static int apply_device_rules(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  return options->device_rules ? ctd_runtime_device_rules_add(spec, options->device_rules, err) : 0;
}

static int apply_sysctls(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  const char *key;
  json_t *value;
  if (!options->sysctls)
    return 0;
  if (!json_is_object(options->sysctls))
    return ctd_runtime_option_invalid("sysctls", "values by names", err);
  json_object_foreach((json_t *)options->sysctls, key, value) {
    if (!strpbrk(key, "./") || (!json_is_string(value) && !json_is_integer(value)))
      return ctd_error_set(err, CTD_INVALID_ARGUMENT, "sysctls: \"%s\": want values by names, \"net.core.somaxconn\"",
                           key);
    json_t *text =
        json_is_string(value) ? json_incref(value) : json_sprintf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
    if (ctd_runtime_option_put(spec, "linux.sysctl", key, text, err))
      return -1;
  }
  return 0;
}

const ctd_runtime_applier ctd_runtime_privileges[] = {
    apply_privileged, apply_capabilities, apply_cap_changes, apply_seccomp,
    apply_devices,    apply_device_rules, apply_sysctls,     NULL,
};
