#include "oci/runtime_spec.h"
#include "base/buffer.h"
#include "base/json.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lists of strings that end in NULL. */
static const char *const capabilities[] = {
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FSETID",
    "CAP_FOWNER",
    "CAP_MKNOD",
    "CAP_NET_RAW",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETFCAP",
    "CAP_SETPCAP",
    "CAP_NET_BIND_SERVICE",
    "CAP_SYS_CHROOT",
    "CAP_KILL",
    "CAP_AUDIT_WRITE",
    NULL,
};
static const char *const namespaces[] = {"pid", "ipc", "uts", "mount", "network", NULL};
static const char powercap[] = "/sys/devices/virtual/powercap";
static const char *const masked_paths[] = {
    "/proc/acpi",        "/proc/asound",      "/proc/kcore",   "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
    "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware", powercap,     "/proc/scsi",          NULL,
};
static const char *const readonly_paths[] = {
    "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", NULL,
};
static const char *const default_env[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL};

static const struct {
  const char *destination, *type, *source, *options[7];
} mounts[] = {
    {"/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}},
    {"/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}},
    {"/dev/pts", "devpts", "devpts", {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}},
    {"/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}},
    {"/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}},
    {"/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}},
    {"/run", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}},
};

/* What containerd's Go client of the daemon's version writes. Masking power readings came late to both old branches. */
struct generation {
  const char *oci_version;
  int minor;          /* of version 1, or 100 more for version 2 */
  int powercap_since; /* patch version */
};

static const struct generation *generation_of(const char *daemon_version, int *patch) {
  static const struct generation generations[] = {
      {"1.0.2-dev", 6, 26}, {"1.1.0", 7, 11}, {"1.2.0", 100, 0}, {"1.2.1", 101, 0}, {"1.3.0", INT32_MAX, 0},
  };
  int major = 2, minor = INT32_MAX;
  size_t i = 0;
  *patch = 0;
  if (daemon_version && sscanf(daemon_version + (*daemon_version == 'v'), "%3d.%6d.%6d", &major, &minor, patch) >= 2)
    minor += major >= 2 ? 100 * (major - 1) : 0;
  while (generations[i].minor < minor)
    i++;
  return &generations[i];
}

static json_t *strings(const char *const *list) {
  json_t *array = json_array();
  for (; array && *list; list++) {
    if (json_array_append_new(array, json_string(*list))) {
      json_decref(array);
      return NULL;
    }
  }
  return array;
}

static int put_strings(json_t *object, const char *key, const char *const *list, struct ctd_error *err) {
  return ctd_json_put(object, key, strings(list), err);
}

static int fill_capabilities(json_t *spec, struct ctd_error *err) {
  json_t *sets = ctd_runtime_spec_at(spec, "process.capabilities", err);
  return !sets || put_strings(sets, "bounding", capabilities, err) ||
                 put_strings(sets, "effective", capabilities, err) || put_strings(sets, "permitted", capabilities, err)
             ? -1
             : 0;
}

static int fill_mounts(json_t *spec, struct ctd_error *err) {
  json_t *list = json_object_get(spec, "mounts");
  for (size_t i = 0; i < sizeof mounts / sizeof *mounts; i++) {
    json_t *mount = json_pack("{s:s,s:s,s:s}", "destination", mounts[i].destination, "type", mounts[i].type, "source",
                              mounts[i].source);
    if (ctd_json_add(list, mount, err) || put_strings(mount, "options", mounts[i].options, err))
      return -1;
  }
  return 0;
}

static int fill_linux(json_t *spec, bool mask_powercap, struct ctd_error *err) {
  json_t *platform = json_object_get(spec, "linux");
  for (const char *const *name = namespaces; *name; name++)
    if (ctd_json_add(json_object_get(platform, "namespaces"), json_pack("{s:s}", "type", *name), err))
      return -1;
  for (const char *const *path = masked_paths; *path; path++)
    if ((mask_powercap || *path != powercap) &&
        ctd_json_add(json_object_get(platform, "maskedPaths"), json_string(*path), err))
      return -1;
  return put_strings(platform, "readonlyPaths", readonly_paths, err);
}

int ctd_runtime_spec_new(json_t **out, const char *daemon_version, const char *namespace, const char *id,
                         struct ctd_error *err) {
  int patch, result = -1;
  const struct generation *generation = generation_of(daemon_version, &patch);
  json_t *spec = NULL;
  char *cgroup = ctd_format(err, "/%s/%s", namespace, id);
  *out = NULL;
  if (!cgroup)
    return -1;
  spec = json_pack("{s:s, s:{s:{s:i, s:i}, s:s, s:{}, s:[{s:s, s:i, s:i}], s:b}, s:{s:s}, s:[],"
                   " s:{s:{s:[{s:b, s:s}]}, s:s, s:[], s:[]}}",
                   "ociVersion", generation->oci_version, "process", "user", "uid", 0, "gid", 0, "cwd", "/",
                   "capabilities", "rlimits", "type", "RLIMIT_NOFILE", "hard", 1024, "soft", 1024, "noNewPrivileges", 1,
                   "root", "path", "rootfs", "mounts", "linux", "resources", "devices", "allow", 0, "access", "rwm",
                   "cgroupsPath", cgroup, "namespaces", "maskedPaths");
  if (!spec) {
    ctd_error_nomem(err);
    goto out;
  }
  if (fill_capabilities(spec, err) || fill_mounts(spec, err) ||
      fill_linux(spec, patch >= generation->powercap_since, err))
    goto out;
  *out = json_incref(spec);
  result = 0;
out:
  json_decref(spec);
  free(cgroup);
  return result;
}

json_t *ctd_runtime_spec_at(json_t *spec, const char *path, struct ctd_error *err) {
  json_t *at = spec;
  while (*path) {
    size_t length = strcspn(path, ".");
    char key[64];
    snprintf(key, sizeof key, "%.*s", (int)length, path);
    json_t *next = json_object_get(at, key);
    if (!next || json_is_null(next)) {
      if (ctd_json_put(at, key, json_object(), err))
        return NULL;
      next = json_object_get(at, key);
    }
    if (!json_is_object(next)) {
      ctd_error_set(err, CTD_INVALID_ARGUMENT, "the spec's \"%s\" is not an object", key);
      return NULL;
    }
    at = next;
    path += length + (path[length] == '.');
  }
  return at;
}

/* The entry for the variable that `entry` ("KEY" or "KEY=value") names; the array's size if there is none. */
static size_t env_find(const json_t *env, const char *entry) {
  size_t i, length = strcspn(entry, "=");
  json_t *value;
  json_array_foreach(env, i, value) {
    const char *text = json_string_value(value);
    if (text && strcspn(text, "=") == length && !strncmp(text, entry, length))
      return i;
  }
  return json_array_size(env);
}

int ctd_runtime_spec_put_env(json_t *spec, const json_t *entries, struct ctd_error *err) {
  json_t *process = ctd_runtime_spec_at(spec, "process", err), *env, *entry;
  size_t i;
  if (!process || ctd_json_array(process, "env", &env, err))
    return -1;
  if (!env && json_array_size(entries)) {
    if (ctd_json_put(process, "env", json_array(), err))
      return -1;
    env = json_object_get(process, "env");
  }
  json_array_foreach(entries, i, entry) {
    const char *text = json_string_value(entry);
    size_t at = env_find(env, text), count = json_array_size(env);
    int failed = 0;
    if (!strchr(text, '='))
      failed = at < count && json_array_remove(env, at);
    else
      failed = at < count ? json_array_set(env, at, entry) : json_array_append(env, entry);
    if (failed)
      return ctd_error_nomem(err);
  }
  return 0;
}

/* What the spec has already stays: it was asked for. */
static int apply_env(json_t *spec, const struct ctd_image_config *config, struct ctd_error *err) {
  json_t *process = ctd_runtime_spec_at(spec, "process", err);
  if (!process)
    return -1;
  json_t *before = json_incref(json_object_get(process, "env"));
  json_t *env = json_array_size(config->env) ? json_copy(config->env) : strings(default_env);
  int result = ctd_json_put(process, "env", env, err) || ctd_runtime_spec_put_env(spec, before, err) ? -1 : 0;
  json_decref(before);
  return result;
}

int ctd_runtime_spec_put_args(json_t *spec, const json_t *entrypoint, const json_t *command, struct ctd_error *err) {
  json_t *process = ctd_runtime_spec_at(spec, "process", err), *args = json_array();
  if (process && args && !(entrypoint && json_array_extend(args, (json_t *)entrypoint)) &&
      !(command && json_array_extend(args, (json_t *)command)))
    return ctd_json_put(process, "args", args, err);
  json_decref(args);
  return process ? ctd_error_nomem(err) : -1;
}

static int apply_cwd(json_t *spec, const struct ctd_image_config *config, struct ctd_error *err) {
  const char *cwd = config->working_dir && *config->working_dir ? config->working_dir : "/";
  json_t *process = ctd_runtime_spec_at(spec, "process", err);
  return process ? ctd_json_put(process, "cwd", json_string(cwd), err) : -1;
}

int ctd_runtime_spec_apply_image(json_t *spec, const struct ctd_image_config *config, struct ctd_error *err) {
  if (apply_env(spec, config, err) || ctd_runtime_spec_put_args(spec, config->entrypoint, config->cmd, err))
    return -1;
  return apply_cwd(spec, config, err);
}

int ctd_runtime_spec_get_user(struct ctd_user *out, const json_t *spec, struct ctd_error *err) {
  const json_t *user = json_object_get(json_object_get(spec, "process"), "user"), *group;
  const json_t *groups = json_object_get(user, "additionalGids");
  size_t i;
  *out = (struct ctd_user){
      .uid = (uint32_t)json_integer_value(json_object_get(user, "uid")),
      .gid = (uint32_t)json_integer_value(json_object_get(user, "gid")),
      .groups = calloc(json_array_size(groups) + 1, sizeof *out->groups),
  };
  if (!out->groups)
    return ctd_error_nomem(err);
  json_array_foreach(groups, i, group) out->groups[out->group_count++] = (uint32_t)json_integer_value(group);
  return 0;
}

int ctd_runtime_spec_put_user(json_t *spec, const struct ctd_user *user, struct ctd_error *err) {
  json_t *object = ctd_runtime_spec_at(spec, "process.user", err), *groups;
  if (!object || ctd_json_put(object, "uid", json_integer(user->uid), err) ||
      ctd_json_put(object, "gid", json_integer(user->gid), err) ||
      ctd_json_put(object, "additionalGids", json_array(), err))
    return -1;
  groups = json_object_get(object, "additionalGids");
  for (size_t i = 0; i < user->group_count; i++)
    if (ctd_json_add(groups, json_integer(user->groups[i]), err))
      return -1;
  return 0;
}
