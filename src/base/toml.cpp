#include "base/toml.h"

#include <algorithm>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace {

/* hosts.toml and its like have four levels; this only keeps the recursion bounded. */
constexpr int MAX_DEPTH = 64;

struct json_release {
  void operator()(json_t *value) const {
    json_decref(value);
  }
};
using json_owner = std::unique_ptr<json_t, json_release>;

json_t *json_from_node(const toml::node &node, int depth);

struct entry {
  std::string_view key;
  const toml::node *node;
};

/* toml++ keeps tables sorted by key; the source has the order that the author meant. */
std::vector<entry> entries_in_source_order(const toml::table &table) {
  std::vector<entry> entries;
  for (auto &&[key, node] : table)
    entries.push_back({key.str(), &node});
  std::sort(entries.begin(), entries.end(), [](const entry &a, const entry &b) {
    const toml::source_position &x = a.node->source().begin, &y = b.node->source().begin;
    return x.line != y.line ? x.line < y.line : x.column < y.column;
  });
  return entries;
}

json_t *json_from_table(const toml::table &table, int depth) {
  json_owner object(json_object());
  for (const entry &entry : entries_in_source_order(table)) {
    const std::string key(entry.key);
    if (json_object_set_new(object.get(), key.c_str(), json_from_node(*entry.node, depth)) != 0)
      return nullptr;
  }
  return object.release();
}

json_t *json_from_array(const toml::array &elements, int depth) {
  json_owner array(json_array());
  for (const toml::node &element : elements) {
    if (json_array_append_new(array.get(), json_from_node(element, depth)) != 0)
      return nullptr;
  }
  return array.release();
}

template <typename T> json_t *json_from_time(const T &time) {
  std::ostringstream text;
  text << time;
  return json_string(text.str().c_str());
}

/* NULL for what JSON can't hold (inf, nan, strings that aren't UTF-8 or hold a NUL), too deep nesting, or no memory. */
json_t *json_from_node(const toml::node &node, int depth) {
  if (depth >= MAX_DEPTH)
    return nullptr;
  if (const auto *table = node.as_table())
    return json_from_table(*table, depth + 1);
  if (const auto *array = node.as_array())
    return json_from_array(*array, depth + 1);
  if (const auto *string = node.as_string())
    return string->get().find('\0') == std::string::npos ? json_string(string->get().c_str()) : nullptr;
  if (const auto *integer = node.as_integer())
    return json_integer(integer->get());
  if (const auto *real = node.as_floating_point())
    return json_real(real->get());
  if (const auto *boolean = node.as_boolean())
    return json_boolean(boolean->get());
  if (const auto *date = node.as_date())
    return json_from_time(date->get());
  if (const auto *time = node.as_time())
    return json_from_time(time->get());
  return json_from_time(node.as_date_time()->get());
}

int parse(json_t **out, std::string_view text, const char *what, struct ctd_error *err) {
  toml::parse_result result = toml::parse(text);
  if (!result) {
    const std::string description(result.error().description());
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "%s:%u: %s", what,
                         static_cast<unsigned>(result.error().source().begin.line), description.c_str());
  }
  *out = json_from_table(result.table(), 0);
  return *out ? 0 : ctd_error_set(err, CTD_INVALID_ARGUMENT, "%s: holds a value that can't be used", what);
}

} // namespace

int ctd_toml_parse(json_t **out, const char *text, size_t size, const char *what, struct ctd_error *err) {
  *out = nullptr;
  try {
    return parse(out, std::string_view(text, size), what, err);
  } catch (const std::bad_alloc &) {
    return ctd_error_nomem(err);
  } catch (const std::exception &e) {
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "%s: %s", what, e.what());
  }
}
