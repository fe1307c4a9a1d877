#include "oci/runtime_options.h"
#include "base/json.h"
#include "oci/runtime_capability.h"
#include "oci/runtime_mount.h"
#include "oci/runtime_spec.h"
#include <limits.h>
#include <string.h>

/* What CPU quotas are shares of, in microseconds. */
enum { CPU_PERIOD = 100000, CPU_QUOTA_LEAST = 1000 };

static int invalid(const char *option, const char *want, struct ctd_error *err) {
  return ctd_error_set(err, CTD_INVALID_ARGUMENT, "%s: want %s", option, want);
}

static bool is_strings(const json_t *list) {
  json_t *value;
  size_t i;
  json_array_foreach(list, i, value) {
    if (!json_is_string(value))
      return false;
  }
  return json_is_array(list);
}

static int put(json_t *spec, const char *path, const char *key, json_t *value, struct ctd_error *err) {
  json_t *object = ctd_runtime_spec_at(spec, path, err);
  if (object)
    return ctd_json_put(object, key, value, err);
  json_decref(value);
  return -1;
}

static int put_string(json_t *spec, const char *path, const char *key, const char *text, struct ctd_error *err) {
  json_error_t problem;
  json_t *value = json_pack_ex(&problem, 0, "s", text);
  if (value)
    return put(spec, path, key, value, err);
  return json_error_code(&problem) == json_error_invalid_utf8 ? invalid(key, "UTF-8", err) : ctd_error_nomem(err);
}

static int apply_args(json_t *spec, const struct ctd_runtime_options *options, const struct ctd_image_config *config,
                      struct ctd_error *err) {
  if (!options->args && !options->command)
    return 0;
  if (options->args && options->command)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "args and command: give one of them");
  if (options->args && !is_strings(options->args))
    return invalid("args", "an array of strings", err);
  if (options->command && !is_strings(options->command))
    return invalid("command", "an array of strings", err);
  if (options->args)
    return ctd_runtime_spec_put_args(spec, NULL, options->args, err);
  return ctd_runtime_spec_put_args(spec, config ? config->entrypoint : NULL, options->command, err);
}

static int apply_tty(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  if (!options->tty)
    return 0;
  json_t *term = json_pack("[s]", "TERM=xterm");
  int result = !term ? ctd_error_nomem(err) : put(spec, "process", "terminal", json_true(), err);
  if (!result)
    result = ctd_runtime_spec_put_env(spec, term, err);
  json_decref(term);
  return result;
}

/* An object's member as an entry of the environment. */
static json_t *env_entry(const char *key, const json_t *value) {
  if (json_is_false(value))
    return json_string(key);
  if (json_is_integer(value))
    return json_sprintf("%s=%" JSON_INTEGER_FORMAT, key, json_integer_value(value));
  return json_sprintf("%s=%s", key, json_string_value(value));
}

static int env_from_object(json_t *entries, const json_t *object, struct ctd_error *err) {
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)object, key, value) {
    if (!json_is_string(value) && !json_is_integer(value) && !json_is_false(value))
      return ctd_error_set(err, CTD_INVALID_ARGUMENT, "env: \"%s\" is neither a string nor false", key);
    if (!*key || strchr(key, '='))
      return ctd_error_set(err, CTD_INVALID_ARGUMENT, "env: \"%s\" is not a variable's name", key);
    if (ctd_json_add(entries, env_entry(key, value), err))
      return -1;
  }
  return 0;
}

static int env_from_array(json_t *entries, const json_t *array, struct ctd_error *err) {
  json_t *value;
  size_t i;
  if (!is_strings(array))
    return invalid("env", "\"KEY=value\" strings, or values by their keys", err);
  json_array_foreach(array, i, value) {
    const char *entry = json_string_value(value);
    if (!*entry || *entry == '=')
      return ctd_error_set(err, CTD_INVALID_ARGUMENT, "env: \"%s\" names no variable", entry);
    if (ctd_json_add(entries, json_incref(value), err))
      return -1;
  }
  return 0;
}

static int apply_env(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  if (!options->env)
    return 0;
  json_t *entries = json_array();
  int result = entries ? 0 : ctd_error_nomem(err);
  if (!result)
    result = (json_is_object(options->env) ? env_from_object : env_from_array)(entries, options->env, err);
  if (!result)
    result = ctd_runtime_spec_put_env(spec, entries, err);
  json_decref(entries);
  return result;
}

static int apply_cwd(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  if (!options->cwd)
    return 0;
  if (*options->cwd != '/')
    return invalid("cwd", "an absolute path", err);
  return put_string(spec, "process", "cwd", options->cwd, err);
}

static int apply_hostname(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  if (!options->hostname)
    return 0;
  if (!*options->hostname || strlen(options->hostname) > HOST_NAME_MAX)
    return invalid("hostname", "a name of 1 to 64 bytes", err);
  return put_string(spec, "", "hostname", options->hostname, err);
}

static int apply_mounts(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  return options->mounts ? ctd_runtime_mounts_add(spec, options->mounts, err) : 0;
}

static int apply_memory(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  if (!options->memory)
    return 0;
  if (options->memory < 0)
    return invalid("memory", "a number of bytes", err);
  return put(spec, "linux.resources.memory", "limit", json_integer(options->memory), err);
}

static int apply_cpus(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  if (options->cpus == 0)
    return 0;
  if (!(options->cpus * CPU_PERIOD >= CPU_QUOTA_LEAST && options->cpus <= INT_MAX))
    return invalid("cpus", "a number of CPUs from 0.01 on", err);
  if (put(spec, "linux.resources.cpu", "quota", json_integer((json_int_t)(options->cpus * CPU_PERIOD)), err))
    return -1;
  return put(spec, "linux.resources.cpu", "period", json_integer(CPU_PERIOD), err);
}

static int apply_pids_limit(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  if (!options->pids_limit)
    return 0;
  if (options->pids_limit < -1)
    return invalid("pids_limit", "a number of processes, or -1 for no limit", err);
  return put(spec, "linux.resources.pids", "limit", json_integer(options->pids_limit), err);
}

static int apply_capabilities(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  if (!options->cap_add && !options->cap_drop)
    return 0;
  return ctd_runtime_capabilities_change(spec, options->cap_add, options->cap_drop, err);
}

static int apply_readonly(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  return options->readonly ? put(spec, "root", "readonly", json_true(), err) : 0;
}

int ctd_runtime_options_apply(json_t *spec, const struct ctd_runtime_options *options,
                              const struct ctd_image_config *config, struct ctd_error *err) {
  /* In this order: the caller's environment has the last word about TERM. */
  static int (*const appliers[])(json_t *, const struct ctd_runtime_options *, struct ctd_error *) = {
      apply_tty,    apply_env,  apply_cwd,        apply_hostname,     apply_mounts,
      apply_memory, apply_cpus, apply_pids_limit, apply_capabilities, apply_readonly,
  };
  if (apply_args(spec, options, config, err))
    return -1;
  for (size_t i = 0; i < sizeof appliers / sizeof *appliers; i++)
    if (appliers[i](spec, options, err))
      return -1;
  return 0;
}
