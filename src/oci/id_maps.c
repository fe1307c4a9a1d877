#include "oci/id_maps.h"
#include "base/buffer.h"
#include "base/json.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* "containerID:hostID:size" as an object. */
static int map_parse(json_t **out, const char *text, struct ctd_error *err) {
  long long container, host, size;
  int end = 0;
  if (strspn(text, "0123456789:") != strlen(text) ||
      sscanf(text, "%10lld:%10lld:%10lld%n", &container, &host, &size, &end) != 3 || text[end])
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "\"%s\": want \"containerID:hostID:size\"", text);
  *out = json_pack("{s:I, s:I, s:I}", "containerID", (json_int_t)container, "hostID", (json_int_t)host, "size",
                   (json_int_t)size);
  return *out ? 0 : ctd_error_nomem(err);
}

static bool is_id(const json_t *object, const char *key, json_int_t low) {
  const json_t *value = json_object_get(object, key);
  return json_is_integer(value) && json_integer_value(value) >= low && json_integer_value(value) <= UINT32_MAX;
}

static int map_read(json_t **out, const json_t *value, struct ctd_error *err) {
  *out = NULL;
  if (json_is_string(value) && map_parse(out, json_string_value(value), err))
    return -1;
  if (!json_is_string(value) && !(*out = json_deep_copy(value)))
    return ctd_error_nomem(err);
  if (json_object_size(*out) == 3 && is_id(*out, "containerID", 0) && is_id(*out, "hostID", 0) &&
      is_id(*out, "size", 1))
    return 0;
  json_decref(*out);
  return ctd_error_set(err, CTD_INVALID_ARGUMENT, "want {containerID, hostID, size} with a size above 0");
}

int ctd_id_maps_read(json_t **out, const char *option, const json_t *given, struct ctd_error *err) {
  json_t *maps = json_array(), *value, *map;
  size_t i;
  int result = maps ? 0 : ctd_error_nomem(err);
  if (!result && !(json_is_array(given) && json_array_size(given)))
    result = ctd_error_set(err, CTD_INVALID_ARGUMENT, "%s: want an array of {containerID, hostID, size}", option);
  for (i = 0; !result && (value = json_array_get(given, i)); i++) {
    result = map_read(&map, value, err);
    if (result)
      ctd_error_prefix(err, "%s: map %zu", option, i + 1);
    else
      result = ctd_json_add(maps, map, err);
  }
  *out = maps;
  if (!result)
    return 0;
  json_decref(maps);
  return -1;
}

static int64_t field(const json_t *map, const char *name) {
  return json_integer_value(json_object_get(map, name));
}

uint32_t ctd_id_maps_host(const json_t *maps, uint32_t id) {
  const json_t *map;
  size_t i;
  json_array_foreach(maps, i, map) {
    int64_t offset = (int64_t)id - field(map, "containerID");
    if (offset >= 0 && offset < field(map, "size"))
      return (uint32_t)(field(map, "hostID") + offset);
  }
  return id;
}

char *ctd_id_maps_text(const json_t *maps, struct ctd_error *err) {
  struct ctd_buffer text = {0};
  const json_t *map;
  size_t i;
  json_array_foreach(maps, i, map) {
    if (ctd_buffer_printf(&text, err, "%s%lld:%lld:%lld", i ? "," : "", (long long)field(map, "containerID"),
                          (long long)field(map, "hostID"), (long long)field(map, "size"))) {
      ctd_buffer_free(&text);
      return NULL;
    }
  }
  return text.data;
}
