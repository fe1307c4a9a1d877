#include "base/json.h"
#include "oci/runtime_option.h"
#include "oci/runtime_spec.h"
#include <stdlib.h>
#include <string.h>

static int apply_tty(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  if (!options->tty)
    return 0;
  json_t *term = json_pack("[s]", "TERM=xterm");
  int result = !term ? ctd_error_nomem(err) : ctd_runtime_option_put(spec, "process", "terminal", json_true(), err);
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
  if (!ctd_runtime_option_is_strings(array))
    return ctd_runtime_option_invalid("env", "\"KEY=value\" strings, or values by their keys", err);
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

static int env_line(json_t *entries, const char *line, size_t length, size_t number, struct ctd_error *err) {
  json_error_t problem;
  if (length && line[length - 1] == '\r')
    length--;
  if (!length || *line == '#')
    return 0;
  if (*line == '=')
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "line %zu names no variable", number);
  json_t *entry = json_pack_ex(&problem, 0, "s%", line, length);
  if (!entry && json_error_code(&problem) == json_error_invalid_utf8)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "line %zu is not UTF-8", number);
  return ctd_json_add(entries, entry, err);
}

static int env_from_text(json_t *entries, const char *text, struct ctd_error *err) {
  for (size_t number = 1; *text; number++) {
    size_t length = strcspn(text, "\n");
    if (env_line(entries, text, length, number, err))
      return -1;
    text += length + (text[length] == '\n');
  }
  return 0;
}

static int apply_env_file(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  char *text = NULL;
  if (!options->env_file)
    return 0;
  if (ctd_runtime_option_read("env_file", options->env_file, &text, err))
    return -1;
  json_t *entries = json_array();
  int result = entries ? env_from_text(entries, text, err) : ctd_error_nomem(err);
  if (result)
    ctd_error_prefix(err, "env_file: %s", options->env_file);
  else
    result = ctd_runtime_spec_put_env(spec, entries, err);
  json_decref(entries);
  free(text);
  return result;
}

static int apply_cwd(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  if (!options->cwd)
    return 0;
  if (*options->cwd != '/')
    return ctd_runtime_option_invalid("cwd", "an absolute path", err);
  return ctd_runtime_option_put_string(spec, "process", "cwd", options->cwd, err);
}

static int rlimit_check(const json_t *rlimit, struct ctd_error *err) {
  static const char *const types[] = {
      "RLIMIT_AS",      "RLIMIT_CORE",     "RLIMIT_CPU",        "RLIMIT_DATA",   "RLIMIT_FSIZE", "RLIMIT_LOCKS",
      "RLIMIT_MEMLOCK", "RLIMIT_MSGQUEUE", "RLIMIT_NICE",       "RLIMIT_NOFILE", "RLIMIT_NPROC", "RLIMIT_RSS",
      "RLIMIT_RTPRIO",  "RLIMIT_RTTIME",   "RLIMIT_SIGPENDING", "RLIMIT_STACK",
  };
  enum { COUNT = sizeof types / sizeof *types };
  const char *type = json_string_value(json_object_get(rlimit, "type"));
  const json_t *soft = json_object_get(rlimit, "soft"), *hard = json_object_get(rlimit, "hard");
  size_t i = 0;
  if (!type || json_object_size(rlimit) != 3 || !json_is_integer(soft) || !json_is_integer(hard))
    return ctd_runtime_option_invalid("rlimits", "an array of {type, soft, hard}", err);
  while (i < COUNT && strcmp(type, types[i]) != 0)
    i++;
  if (i == COUNT)
    return ctd_runtime_option_unknown("rlimits", type, types, COUNT, err);
  if (json_integer_value(soft) < 0 || json_integer_value(soft) > json_integer_value(hard))
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "rlimits: %s: want 0 <= soft <= hard", type);
  return 0;
}

/* In place of one of the same type. */
static int rlimit_set(json_t *rlimits, json_t *rlimit, struct ctd_error *err) {
  json_t *value;
  size_t i;
  json_array_foreach(rlimits, i, value) {
    if (json_equal(json_object_get(value, "type"), json_object_get(rlimit, "type")))
      return json_array_set(rlimits, i, rlimit) ? ctd_error_nomem(err) : 0;
  }
  return ctd_json_add(rlimits, json_incref(rlimit), err);
}

static int apply_rlimits(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  json_t *rlimits, *value;
  size_t i;
  if (!options->rlimits)
    return 0;
  if (!json_is_array(options->rlimits))
    return ctd_runtime_option_invalid("rlimits", "an array of {type, soft, hard}", err);
  if (!(rlimits = ctd_runtime_option_array(spec, "process", "rlimits", err)))
    return -1;
  json_array_foreach(options->rlimits, i, value) {
    if (rlimit_check(value, err) || rlimit_set(rlimits, value, err))
      return -1;
  }
  return 0;
}

static int apply_oom_score_adj(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  int64_t score = options->oom_score_adj.value;
  if (!options->oom_score_adj.is)
    return 0;
  if (score < -1000 || score > 1000)
    return ctd_runtime_option_invalid("oom_score_adj", "an integer from -1000 to 1000", err);
  return ctd_runtime_option_put(spec, "process", "oomScoreAdj", json_integer(score), err);
}

static int apply_no_new_privileges(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  if (!options->no_new_privileges.is)
    return 0;
  if (options->no_new_privileges.value)
    return ctd_runtime_option_put(spec, "process", "noNewPrivileges", json_true(), err);
  json_object_del(json_object_get(spec, "process"), "noNewPrivileges");
  return 0;
}

static int apply_selinux_label(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  if (!options->selinux_label)
    return 0;
  return ctd_runtime_option_put_string(spec, "process", "selinuxLabel", options->selinux_label, err);
}

static int apply_apparmor(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  if (!options->apparmor)
    return 0;
  return ctd_runtime_option_put_string(spec, "process", "apparmorProfile", options->apparmor, err);
}

/* The caller's environment has the last word about TERM and over the file's. */
const ctd_runtime_applier ctd_runtime_process[] = {
    apply_tty,           apply_env_file,          apply_env,           apply_cwd,      apply_rlimits,
    apply_oom_score_adj, apply_no_new_privileges, apply_selinux_label, apply_apparmor, NULL,
};
