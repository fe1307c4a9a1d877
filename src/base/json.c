#include "base/json.h"
#include <stdlib.h>

int ctd_json_parse(json_t **out, const char *data, size_t size, const char *what, struct ctd_error *err) {
  json_error_t problem;
  *out = json_loadb(data, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &problem);
  if (*out)
    return 0;
  if (json_error_code(&problem) == json_error_out_of_memory)
    return ctd_error_nomem(err);
  return ctd_error_set(err, CTD_INVALID_ARGUMENT, "%s: line %d: %s", what, problem.line, problem.text);
}

/* The member, or NULL where it's absent or JSON null. */
static json_t *member(const json_t *object, const char *key) {
  json_t *value = json_object_get(object, key);
  return json_is_null(value) ? NULL : value;
}

static int wrong_type(const char *key, const char *wanted, struct ctd_error *err) {
  return ctd_error_set(err, CTD_INVALID_ARGUMENT, "\"%s\" is not %s", key, wanted);
}

int ctd_json_string(const json_t *object, const char *key, const char **out, struct ctd_error *err) {
  json_t *value = member(object, key);
  *out = json_string_value(value);
  return value && !*out ? wrong_type(key, "a string", err) : 0;
}

int ctd_json_int(const json_t *object, const char *key, int64_t *out, int64_t fallback, struct ctd_error *err) {
  json_t *value = member(object, key);
  *out = value ? json_integer_value(value) : fallback;
  return value && !json_is_integer(value) ? wrong_type(key, "an integer", err) : 0;
}

int ctd_json_bool(const json_t *object, const char *key, bool *out, bool fallback, struct ctd_error *err) {
  json_t *value = member(object, key);
  *out = value ? json_is_true(value) : fallback;
  return value && !json_is_boolean(value) ? wrong_type(key, "a boolean", err) : 0;
}

int ctd_json_array(const json_t *object, const char *key, json_t **out, struct ctd_error *err) {
  *out = member(object, key);
  return *out && !json_is_array(*out) ? wrong_type(key, "an array", err) : 0;
}

int ctd_json_object(const json_t *object, const char *key, json_t **out, struct ctd_error *err) {
  *out = member(object, key);
  return *out && !json_is_object(*out) ? wrong_type(key, "an object", err) : 0;
}

int ctd_json_put(json_t *object, const char *key, json_t *value, struct ctd_error *err) {
  return json_object_set_new(object, key, value) ? ctd_error_nomem(err) : 0;
}

int ctd_json_add(json_t *array, json_t *value, struct ctd_error *err) {
  return json_array_append_new(array, value) ? ctd_error_nomem(err) : 0;
}

int ctd_json_dump(const json_t *value, char **out, struct ctd_error *err) {
  *out = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
  return *out ? 0 : ctd_error_nomem(err);
}
