#include "base/json.h"
#include "oci/id_maps.h"
#include "oci/runtime_option.h"
#include "oci/runtime_spec.h"
#include <limits.h>
#include <stdio.h>
#include <string.h>

static int put_name(json_t *spec, const char *key, const char *name, struct ctd_error *err) {
  if (!name)
    return 0;
  if (!*name || strlen(name) > HOST_NAME_MAX)
    return ctd_runtime_option_invalid(key, "a name of 1 to 64 bytes", err);
  return ctd_runtime_option_put_string(spec, "", key, name, err);
}

static int apply_hostname(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  return put_name(spec, "hostname", options->hostname, err);
}

static int apply_domainname(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  return put_name(spec, "domainname", options->domainname, err);
}

static int apply_annotations(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  const char *key;
  json_t *value;
  if (!options->annotations)
    return 0;
  if (!json_is_object(options->annotations))
    return ctd_runtime_option_invalid("annotations", "strings by names", err);
  json_object_foreach((json_t *)options->annotations, key, value) {
    if (!*key || !json_is_string(value))
      return ctd_error_set(err, CTD_INVALID_ARGUMENT, "annotations: \"%s\": want strings by names", key);
    if (ctd_runtime_option_put(spec, "annotations", key, json_incref(value), err))
      return -1;
  }
  return 0;
}

static int apply_cgroup(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  if (!options->cgroup)
    return 0;
  if (*options->cgroup != '/' && !strchr(options->cgroup, ':'))
    return ctd_runtime_option_invalid("cgroup", "an absolute path, or \"slice:prefix:name\"", err);
  return ctd_runtime_option_put_string(spec, "linux", "cgroupsPath", options->cgroup, err);
}

/* Takes the namespace out of the spec, so that the container shares the one of the runtime. */
static void namespace_remove(json_t *namespaces, const char *type) {
  for (size_t i = json_array_size(namespaces); i-- > 0;) {
    const char *present = json_string_value(json_object_get(json_array_get(namespaces, i), "type"));
    if (present && !strcmp(present, type))
      json_array_remove(namespaces, i);
  }
}

/* The place in the list where the namespace stands, or its end. */
static size_t namespace_place(const json_t *namespaces, const char *type) {
  size_t i;
  json_t *value;
  json_array_foreach(namespaces, i, value) {
    const char *present = json_string_value(json_object_get(value, "type"));
    if (present && !strcmp(present, type))
      return i;
  }
  return json_array_size(namespaces);
}

static int namespace_put(json_t *namespaces, const char *type, const char *path, struct ctd_error *err) {
  json_t *entry = path ? json_pack("{s:s, s:s}", "type", type, "path", path) : json_pack("{s:s}", "type", type);
  size_t place = namespace_place(namespaces, type);
  if (place == json_array_size(namespaces))
    return ctd_json_add(namespaces, entry, err);
  return json_array_set_new(namespaces, place, entry) ? ctd_error_nomem(err) : 0;
}

static int namespace_apply(json_t *namespaces, const char *type, const json_t *value, struct ctd_error *err) {
  static const char *const types[] = {"pid", "network", "mount", "ipc", "uts", "user", "cgroup", "time"};
  enum { COUNT = sizeof types / sizeof *types };
  const char *text = json_string_value(value);
  size_t i = 0;
  while (i < COUNT && strcmp(type, types[i]) != 0)
    i++;
  if (i == COUNT)
    return ctd_runtime_option_unknown("namespaces", type, types, COUNT, err);
  if (json_is_false(value) || (text && !strcmp(text, "host"))) {
    namespace_remove(namespaces, type);
    return 0;
  }
  if (json_is_true(value) || (text && *text == '/'))
    return namespace_put(namespaces, type, text, err);
  return ctd_error_set(err, CTD_INVALID_ARGUMENT, "namespaces: %s: want \"host\", an absolute path, true or false",
                       type);
}

static int apply_namespaces(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  const char *type;
  json_t *namespaces, *value;
  if (!options->namespaces)
    return 0;
  if (!json_is_object(options->namespaces))
    return ctd_runtime_option_invalid("namespaces", "a table by their types", err);
  if (!(namespaces = ctd_runtime_option_array(spec, "linux", "namespaces", err)))
    return -1;
  json_object_foreach((json_t *)options->namespaces, type, value) {
    if (namespace_apply(namespaces, type, value, err))
      return -1;
  }
  return 0;
}

static int put_maps(json_t *spec, const char *option, const char *key, const json_t *given, struct ctd_error *err) {
  json_t *maps;
  return ctd_id_maps_read(&maps, option, given, err) ? -1 : ctd_runtime_option_put(spec, "linux", key, maps, err);
}

/* Maps are of a user namespace: it comes with them, unless one to join was given. */
static int apply_maps(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  json_t *namespaces;
  if (!options->uid_maps && !options->gid_maps)
    return 0;
  if (!options->uid_maps || !options->gid_maps)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "uid_maps and gid_maps: give both");
  if (put_maps(spec, "uid_maps", "uidMappings", options->uid_maps, err) ||
      put_maps(spec, "gid_maps", "gidMappings", options->gid_maps, err) ||
      !(namespaces = ctd_runtime_option_array(spec, "linux", "namespaces", err)))
    return -1;
  if (namespace_place(namespaces, "user") < json_array_size(namespaces))
    return 0;
  return namespace_put(namespaces, "user", NULL, err);
}

const ctd_runtime_applier ctd_runtime_identity[] = {
    apply_hostname, apply_domainname, apply_annotations, apply_cgroup, apply_namespaces, apply_maps, NULL,
};
