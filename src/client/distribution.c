#include "client/distribution.h"
#include "base/buffer.h"
#include <stdlib.h>
#include <string.h>

#define PREFIX "containerd.io/distribution.source."

/* Of key and value together. */
#define LABEL_LIMIT 4096

/* The size of "host" in "host:port" and "[v6]:port". */
static size_t host_size(const char *domain) {
  return *domain == '[' ? strcspn(domain, "]") : strcspn(domain, ":");
}

int ctd_distribution_label(struct ctd_labels *labels, const char *domain, const char *repository,
                           struct ctd_error *err) {
  size_t bracket = *domain == '[';
  char *key = ctd_format(err, PREFIX "%.*s", (int)(host_size(domain) - bracket), domain + bracket);
  int result = !key ? -1 : ctd_labels_set(labels, key, repository, err);
  free(key);
  return result;
}

bool ctd_distribution_is(const char *key) {
  return !strncmp(key, PREFIX, strlen(PREFIX));
}

/* How the first item of a list compares to `item`. */
static int item_compare(const char *list, size_t size, const char *item) {
  int order = strncmp(list, item, size);
  return order || !item[size] ? order : -1;
}

/* Where `item` belongs in the sorted list, and whether it's there. */
static const char *list_place(const char *list, const char *item, bool *there) {
  *there = false;
  while (*list) {
    size_t size = strcspn(list, ",");
    int order = item_compare(list, size, item);
    *there = !order;
    if (order >= 0)
      break;
    list += size + (list[size] == ',');
  }
  return list;
}

int ctd_distribution_add(const char *key, const char *have, const char *repository, char **out, struct ctd_error *err) {
  bool there;
  if (!have || !*have)
    return ctd_copy_string(out, repository, err);
  const char *rest = list_place(have, repository, &there);
  if (there || strlen(key) + strlen(have) + 1 + strlen(repository) > LABEL_LIMIT)
    return ctd_copy_string(out, have, err);
  size_t before = (size_t)(rest - have);
  if (*rest)
    *out = ctd_format(err, "%.*s%s,%s", (int)before, have, repository, rest);
  else
    *out = ctd_format(err, "%s,%s", have, repository);
  return *out ? 0 : -1;
}
