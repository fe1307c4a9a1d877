#include "oci/runtime_mount.h"
#include "base/json.h"
#include "base/nearest.h"
#include <string.h>

/* Options of a bind mount: https://github.com/opencontainers/runtime-spec/blob/v1.2.0/config.md#linux-mount-options */
static const char *const bind_options[] = {
    "ro",           "rw",
    "rbind",        "bind",
    "rprivate",     "private",
    "rshared",      "shared",
    "rslave",       "slave",
    "runbindable",  "unbindable",
    "nosuid",       "suid",
    "noexec",       "exec",
    "nodev",        "dev",
    "noatime",      "atime",
    "nodiratime",   "diratime",
    "relatime",     "norelatime",
    "strictatime",  "nostrictatime",
    "nosymfollow",  "symfollow",
    "rro",          "rrw",
    "rnosuid",      "rsuid",
    "rnoexec",      "rexec",
    "rnodev",       "rdev",
    "rnoatime",     "ratime",
    "rnodiratime",  "rdiratime",
    "rrelatime",    "rnorelatime",
    "rstrictatime", "rnostrictatime",
    "rnosymfollow", "rsymfollow",
    "idmap",        "ridmap",
};
enum { BIND_OPTION_COUNT = sizeof bind_options / sizeof *bind_options };

static bool options_have(const json_t *options, const char *a, const char *b) {
  size_t i;
  json_t *value;
  json_array_foreach(options, i, value) {
    const char *option = json_string_value(value);
    if (!strcmp(option, a) || !strcmp(option, b))
      return true;
  }
  return false;
}

static int strings_check(const json_t *array, const char *key, struct ctd_error *err) {
  size_t i;
  json_t *value;
  json_array_foreach(array, i, value) {
    if (!json_is_string(value))
      return ctd_error_set(err, CTD_INVALID_ARGUMENT, "\"%s\" holds what is no string", key);
  }
  return 0;
}

static int keys_check(const json_t *mount, struct ctd_error *err) {
  static const char *const keys[] = {"destination", "type", "source", "options", "uidMappings", "gidMappings"};
  enum { KEY_COUNT = sizeof keys / sizeof *keys };
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)mount, key, value) {
    size_t i = 0;
    while (i < KEY_COUNT && strcmp(key, keys[i]) != 0)
      i++;
    if (i == KEY_COUNT) {
      const char *nearest = ctd_nearest(key, keys, KEY_COUNT);
      return ctd_error_set(err, CTD_INVALID_ARGUMENT, "unknown key \"%s\"%s%s%s", key,
                           nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
    }
  }
  return 0;
}

/* Makes a mount without a type, and one of type bind, a bind mount to the runtime: it looks at the options alone. */
static int bind_complete(json_t *mount, const char *type, struct ctd_error *err) {
  json_t *options = json_object_get(mount, "options");
  if (type && strcmp(type, "bind") != 0)
    return 0;
  if (!type && ctd_json_put(mount, "type", json_string("bind"), err))
    return -1;
  if (options_have(options, "bind", "rbind"))
    return 0;
  json_t *completed = json_array();
  if (!completed || json_array_append_new(completed, json_string("rbind")) ||
      (json_is_array(options) && json_array_extend(completed, options))) {
    json_decref(completed);
    return ctd_error_nomem(err);
  }
  return ctd_json_put(mount, "options", completed, err);
}

static int object_read(json_t **out, const json_t *mount, struct ctd_error *err) {
  const char *destination, *type, *source;
  json_t *options;
  if (keys_check(mount, err) || ctd_json_string(mount, "destination", &destination, err) ||
      ctd_json_string(mount, "type", &type, err) || ctd_json_string(mount, "source", &source, err) ||
      ctd_json_array(mount, "options", &options, err) || strings_check(options, "options", err))
    return -1;
  if (!destination || *destination != '/')
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "\"destination\" is not an absolute path");
  if ((!type || !strcmp(type, "bind")) && !source)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "a bind mount without a \"source\"");
  if (!(*out = json_copy((json_t *)mount)))
    return ctd_error_nomem(err);
  if (!bind_complete(*out, type, err))
    return 0;
  json_decref(*out);
  *out = NULL;
  return -1;
}

static int option_add(json_t *options, const char *option, size_t length, struct ctd_error *err) {
  char name[32] = "";
  if (length < sizeof name)
    memcpy(name, option, length);
  for (size_t i = 0; i < BIND_OPTION_COUNT; i++)
    if (!strcmp(name, bind_options[i]))
      return ctd_json_add(options, json_string(name), err);
  const char *nearest = ctd_nearest(name, bind_options, BIND_OPTION_COUNT);
  return ctd_error_set(err, CTD_INVALID_ARGUMENT, "unknown option \"%.*s\"%s%s%s", (int)length, option,
                       nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

/* "ro,rprivate", after what completes it. */
static int options_fill(json_t *options, const char *text, struct ctd_error *err) {
  json_t *given = json_array();
  int result = given ? 0 : ctd_error_nomem(err);
  while (!result && *text) {
    size_t length = strcspn(text, ",");
    result = option_add(given, text, length, err);
    text += length + (text[length] == ',');
  }
  if (!result && !options_have(given, "bind", "rbind"))
    result = ctd_json_add(options, json_string("rbind"), err);
  if (!result && !options_have(given, "ro", "rw"))
    result = ctd_json_add(options, json_string("rw"), err);
  if (!result && json_array_extend(options, given))
    result = ctd_error_nomem(err);
  json_decref(given);
  return result;
}

int ctd_runtime_mount_parse(json_t **out, const char *text, struct ctd_error *err) {
  size_t source = strcspn(text, ":");
  const char *destination = text + source + (text[source] == ':');
  size_t length = strcspn(destination, ":");
  json_error_t problem;
  *out = NULL;
  if (*text != '/' || *destination != '/')
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "\"%s\": want \"/source:/destination[:options]\"", text);
  json_t *mount = json_pack_ex(&problem, 0, "{s:s%, s:s, s:s%, s:[]}", "destination", destination, length, "type",
                               "bind", "source", text, source, "options");
  if (!mount && json_error_code(&problem) == json_error_invalid_utf8)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "\"%s\": not UTF-8", text);
  if (!mount)
    return ctd_error_nomem(err);
  if (options_fill(json_object_get(mount, "options"), destination + length + (destination[length] == ':'), err)) {
    json_decref(mount);
    return ctd_error_prefix(err, "\"%s\"", text);
  }
  *out = mount;
  return 0;
}

static int mount_read(json_t **out, const json_t *value, struct ctd_error *err) {
  if (json_is_string(value))
    return ctd_runtime_mount_parse(out, json_string_value(value), err);
  if (json_is_object(value))
    return object_read(out, value, err);
  return ctd_error_set(err, CTD_INVALID_ARGUMENT, "neither a string nor an object");
}

int ctd_runtime_mounts_add(json_t *spec, const json_t *mounts, struct ctd_error *err) {
  json_t *list, *value, *mount = NULL;
  size_t i;
  if (!json_is_array(mounts))
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "mounts: want an array");
  if (ctd_json_array(spec, "mounts", &list, err) || (!list && ctd_json_put(spec, "mounts", json_array(), err)))
    return -1;
  list = json_object_get(spec, "mounts");
  json_array_foreach(mounts, i, value) {
    if (mount_read(&mount, value, err))
      return ctd_error_prefix(err, "mount %zu", i + 1);
    if (ctd_json_add(list, mount, err))
      return -1;
  }
  return 0;
}
