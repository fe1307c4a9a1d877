/* Reading JSON (jansson) with errors that say what is wrong where. */
#ifndef CTD_BASE_JSON_H
#define CTD_BASE_JSON_H

#include "base/error.h"
#include <stddef.h>
#include <stdint.h>

/* Parses one JSON value; duplicate keys are refused (CTD_INVALID_ARGUMENT, "<what>: …"). The caller owns the result. */
int ctd_json_parse(json_t **out, const char *data, size_t size, const char *what, struct ctd_error *err);

/* Members of an object: absent or null gives NULL / fallback; a wrong type is CTD_INVALID_ARGUMENT naming the key. */
int ctd_json_string(const json_t *object, const char *key, const char **out, struct ctd_error *err);
int ctd_json_int(const json_t *object, const char *key, int64_t *out, int64_t fallback, struct ctd_error *err);
int ctd_json_bool(const json_t *object, const char *key, bool *out, bool fallback, struct ctd_error *err);
int ctd_json_array(const json_t *object, const char *key, json_t **out, struct ctd_error *err);  /* borrowed */
int ctd_json_object(const json_t *object, const char *key, json_t **out, struct ctd_error *err); /* borrowed */

/* json_object_set_new and json_array_append_new that report a failure; `value` is consumed, NULL counts as no memory.
 */
int ctd_json_put(json_t *object, const char *key, json_t *value, struct ctd_error *err);
int ctd_json_add(json_t *array, json_t *value, struct ctd_error *err);

/* The compact text, keys in their order; the caller frees it. */
int ctd_json_dump(const json_t *value, char **out, struct ctd_error *err);

#endif
