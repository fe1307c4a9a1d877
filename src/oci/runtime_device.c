#include "oci/runtime_device.h"
#include "base/buffer.h"
#include "base/json.h"
#include "oci/runtime_option.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static bool is_device(const struct stat *status) {
  return S_ISCHR(status->st_mode) || S_ISBLK(status->st_mode);
}

/* Where devices go to. */
struct target {
  json_t *devices, *rules;
  const char *access; /* NULL: no rules are added */
};

static int rule_add(const struct target *target, const char *type, json_int_t major, json_int_t minor,
                    struct ctd_error *err) {
  if (!target->access)
    return 0;
  return ctd_json_add(target->rules,
                      json_pack("{s:b, s:s, s:I, s:I, s:s}", "allow", 1, "type", type, "major", major, "minor", minor,
                                "access", target->access),
                      err);
}

static int device_add(const struct target *target, const struct stat *status, const char *path, struct ctd_error *err) {
  const char *type = S_ISCHR(status->st_mode) ? "c" : "b";
  json_int_t major = major(status->st_rdev), minor = minor(status->st_rdev);
  json_t *device = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "path", path, "type", type, "major", major, "minor",
                             minor, "fileMode", (json_int_t)(status->st_mode & ~(unsigned)S_IFMT), "uid",
                             (json_int_t)status->st_uid, "gid", (json_int_t)status->st_gid);
  return ctd_json_add(target->devices, device, err) || rule_add(target, type, major, minor, err) ? -1 : 0;
}

/* File systems that the container has of its own, and a device that it gets with its terminal. */
static int is_shared(const struct dirent *entry) {
  static const char *const others[] = {".",      "..",   "pts",         "shm",   "fd",
                                       "mqueue", ".lxc", ".lxd-mounts", ".udev", "console"};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (!strcmp(entry->d_name, others[i]))
      return 0;
  return 1;
}

static int compare_names(const struct dirent **a, const struct dirent **b) {
  return strcmp((*a)->d_name, (*b)->d_name);
}

static int directory_add(const struct target *target, const char *path, const char *inside, struct ctd_error *err);

/* What is no device, or has gone in the meantime, is passed over. */
static int entry_add(const struct target *target, const char *path, const char *inside, struct ctd_error *err) {
  struct stat status;
  if (lstat(path, &status))
    return 0;
  if (S_ISDIR(status.st_mode))
    return directory_add(target, path, inside, err);
  return is_device(&status) ? device_add(target, &status, inside, err) : 0;
}

static int child_add(const struct target *target, const char *path, const char *inside, const char *name,
                     struct ctd_error *err) {
  char *child = ctd_format(err, "%s/%s", path, name);
  char *child_inside = child ? ctd_format(err, "%s/%s", inside, name) : NULL;
  int result = child_inside ? entry_add(target, child, child_inside, err) : -1;
  free(child);
  free(child_inside);
  return result;
}

static int directory_add(const struct target *target, const char *path, const char *inside, struct ctd_error *err) {
  struct dirent **entries;
  int result = 0, count = scandir(path, &entries, is_shared, compare_names);
  if (count < 0)
    return ctd_error_errno(err, errno, "%s", path);
  for (int i = 0; i < count; i++) {
    if (!result)
      result = child_add(target, path, inside, entries[i]->d_name, err);
    free(entries[i]);
  }
  free(entries);
  return result;
}

static bool is_access(const char *text) {
  return *text && strspn(text, "rwm") == strlen(text);
}

/* Splits "/dev/host[:/dev/container][:rwm]" in place. */
static bool device_split(char *text, char **inside, char **access) {
  char *part = strchr(text, ':');
  *inside = text;
  *access = "rwm";
  if (part) {
    *part++ = '\0';
    if (*part == '/') {
      *inside = part;
      part = strchr(part, ':');
      if (part)
        *part++ = '\0';
    }
  }
  if (part)
    *access = part;
  return *text == '/' && is_access(*access);
}

static int device_from_path(const struct target *target, const char *path, const char *inside, struct ctd_error *err) {
  struct stat status;
  if (stat(path, &status))
    return ctd_error_errno(err, errno, "%s", path);
  if (S_ISDIR(status.st_mode))
    return directory_add(target, path, inside, err);
  if (is_device(&status))
    return device_add(target, &status, inside, err);
  return ctd_error_set(err, CTD_INVALID_ARGUMENT, "%s is not a device", path);
}

static int device_from_string(const struct target *target, const char *text, struct ctd_error *err) {
  char *copy, *inside, *access;
  if (ctd_copy_string(&copy, text, err))
    return -1;
  struct target with_access = *target;
  bool valid = device_split(copy, &inside, &access);
  with_access.access = access;
  int result =
      valid ? device_from_path(&with_access, copy, inside, err)
            : ctd_error_set(err, CTD_INVALID_ARGUMENT, "\"%s\": want \"/dev/host[:/dev/container][:rwm]\"", text);
  free(copy);
  return result;
}

static int device_from_object(const struct target *target, const json_t *object, struct ctd_error *err) {
  const char *path, *type;
  int64_t major, minor;
  if (ctd_json_string(object, "path", &path, err) || ctd_json_string(object, "type", &type, err) ||
      ctd_json_int(object, "major", &major, -1, err) || ctd_json_int(object, "minor", &minor, -1, err))
    return -1;
  if (!path || *path != '/' || !type || !*type || !strchr("cbu", *type) || type[1] || major < 0 || minor < 0)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "want {path, type, major, minor} with type \"c\" or \"b\"");
  if (ctd_json_add(target->devices, json_deep_copy(object), err))
    return -1;
  return rule_add(target, type, major, minor, err);
}

static int target_open(struct target *target, json_t *spec, struct ctd_error *err) {
  return (target->devices = ctd_runtime_option_array(spec, "linux", "devices", err)) &&
                 (target->rules = ctd_runtime_option_array(spec, "linux.resources", "devices", err))
             ? 0
             : -1;
}

int ctd_runtime_devices_add(json_t *spec, const json_t *devices, struct ctd_error *err) {
  struct target target = {.access = "rwm"};
  json_t *value;
  size_t i;
  if (!json_is_array(devices))
    return ctd_runtime_option_invalid("devices", "an array", err);
  if (target_open(&target, spec, err))
    return -1;
  json_array_foreach(devices, i, value) {
    int result = json_is_string(value) ? device_from_string(&target, json_string_value(value), err)
                                       : device_from_object(&target, value, err);
    if (result)
      return ctd_error_prefix(err, "device %zu", i + 1);
  }
  return 0;
}

int ctd_runtime_devices_add_host(json_t *spec, struct ctd_error *err) {
  struct target target = {0};
  return target_open(&target, spec, err) || directory_add(&target, "/dev", "/dev", err) ? -1 : 0;
}

/* A number, or "*" for any, which the spec says by leaving it out. */
static bool number_put(json_t *rule, const char *key, const char *text, int *failed, struct ctd_error *err) {
  if (!strcmp(text, "*"))
    return true;
  if (!*text || strspn(text, "0123456789") != strlen(text))
    return false;
  *failed |= ctd_json_put(rule, key, json_integer(strtol(text, NULL, 10)), err);
  return true;
}

/* "c 1:3 rwm" */
static int rule_parse(json_t **out, const char *text, struct ctd_error *err) {
  char type[2], major[11], minor[11], access[4];
  int end = 0, failed = 0;
  *out = NULL;
  if (sscanf(text, "%1[abc] %10[0-9*]:%10[0-9*] %3[rwm]%n", type, major, minor, access, &end) != 4 || text[end])
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "\"%s\": want \"c 1:3 rwm\"", text);
  json_t *rule = json_pack("{s:b, s:s, s:s}", "allow", 1, "type", type, "access", access);
  if (!rule)
    return ctd_error_nomem(err);
  if (number_put(rule, "major", major, &failed, err) && number_put(rule, "minor", minor, &failed, err) && !failed) {
    *out = rule;
    return 0;
  }
  json_decref(rule);
  return failed ? -1 : ctd_error_set(err, CTD_INVALID_ARGUMENT, "\"%s\": want \"c 1:3 rwm\"", text);
}

static int rule_read(json_t **out, const json_t *value, struct ctd_error *err) {
  const char *access;
  if (json_is_string(value))
    return rule_parse(out, json_string_value(value), err);
  if (ctd_json_string(value, "access", &access, err))
    return -1;
  if (!json_is_boolean(json_object_get(value, "allow")) || !access || !is_access(access))
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "want {allow, type, major, minor, access}");
  *out = json_deep_copy(value);
  return *out ? 0 : ctd_error_nomem(err);
}

int ctd_runtime_device_rules_add(json_t *spec, const json_t *rules, struct ctd_error *err) {
  json_t *list, *value, *rule = NULL;
  size_t i;
  if (!json_is_array(rules))
    return ctd_runtime_option_invalid("device_rules", "an array", err);
  if (!(list = ctd_runtime_option_array(spec, "linux.resources", "devices", err)))
    return -1;
  json_array_foreach(rules, i, value) {
    if (rule_read(&rule, value, err))
      return ctd_error_prefix(err, "device_rules: rule %zu", i + 1);
    if (ctd_json_add(list, rule, err))
      return -1;
  }
  return 0;
}
