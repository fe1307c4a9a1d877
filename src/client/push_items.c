#include "client/push_items.h"
#include "client/distribution.h"
#include <stdlib.h>
#include <string.h>

struct making {
  struct ctd_push_items *out;
  struct ctd_labels origin; /* its only key is the label that tells of the domain's repositories */
  const char *repository;
};

void ctd_push_items_free(struct ctd_push_items *items) {
  for (size_t i = 0; i < items->blob_count; i++)
    free(items->blobs[i].mount);
  free(items->blobs);
  free(items->manifests);
  memset(items, 0, sizeof *items);
}

/* How many leading directories two repositories share. */
static int shared_directories(const char *a, const char *b) {
  int count = 0;
  for (; *a && *a == *b; a++, b++)
    count += *a == '/';
  return count;
}

/* Of a list joined by commas the repository that is nearest to ours, for there we may likely read. */
static int mount_choose(const struct making *making, const char *list, char **out, struct ctd_error *err) {
  int best = -1;
  for (; list && *list; list += strcspn(list, ","), list += *list == ',') {
    char *repository = strndup(list, strcspn(list, ","));
    if (!repository)
      return ctd_error_nomem(err);
    int shared = shared_directories(repository, making->repository);
    if (!*repository || !strcmp(repository, making->repository) || shared <= best) {
      free(repository);
      continue;
    }
    best = shared;
    free(*out);
    *out = repository;
  }
  return 0;
}

static int mount_find(const struct making *making, const struct ctd_image_node *node,
                      const struct ctd_image_node *parent, char **out, struct ctd_error *err) {
  const char *key = making->origin.items[0].key;
  if (mount_choose(making, ctd_labels_get(&node->labels, key), out, err))
    return -1;
  return *out || !parent ? 0 : mount_choose(making, ctd_labels_get(&parent->labels, key), out, err);
}

static bool items_have(const struct ctd_push_item *items, size_t count, const char *digest) {
  for (size_t i = 0; i < count; i++)
    if (!strcmp(items[i].node->descriptor.digest, digest))
      return true;
  return false;
}

static int items_add(struct ctd_push_item **items, size_t *count, const struct ctd_image_node *node, char *mount,
                     struct ctd_error *err) {
  struct ctd_push_item *longer = realloc(*items, (*count + 1) * sizeof *longer);
  if (!longer) {
    free(mount);
    return ctd_error_nomem(err);
  }
  *items = longer;
  longer[(*count)++] = (struct ctd_push_item){.node = node, .mount = mount};
  return 0;
}

static int missing(const struct ctd_image_node *node, struct ctd_error *err) {
  char platform[CTD_PLATFORM_TEXT_SIZE] = "";
  if (!node->descriptor.has_platform)
    return ctd_error_set(err, CTD_FAILED_PRECONDITION, "the daemon doesn't have its content %s",
                         node->descriptor.digest);
  ctd_platform_format(&node->descriptor.platform, platform);
  return ctd_error_set(err, CTD_FAILED_PRECONDITION,
                       "the daemon doesn't have it for %s (%s): pull it for all platforms, or push it for one",
                       platform, node->descriptor.digest);
}

static int blob_add(const struct making *making, const struct ctd_image_node *node, const struct ctd_image_node *parent,
                    struct ctd_error *err) {
  struct ctd_push_items *out = making->out;
  char *mount = NULL;
  if (ctd_media_type_is_foreign(node->descriptor.media_type) ||
      items_have(out->blobs, out->blob_count, node->descriptor.digest))
    return 0;
  if (!node->present)
    return missing(node, err);
  if (mount_find(making, node, parent, &mount, err)) {
    free(mount);
    return -1;
  }
  return items_add(&out->blobs, &out->blob_count, node, mount, err);
}

static int node_add(const struct making *making, const struct ctd_image_node *node, const struct ctd_image_node *parent,
                    struct ctd_error *err) {
  struct ctd_push_items *out = making->out;
  const char *media_type = node->descriptor.media_type;
  if (!ctd_media_type_is_manifest(media_type) && !ctd_media_type_is_index(media_type))
    return blob_add(making, node, parent, err);
  if (items_have(out->manifests, out->manifest_count, node->descriptor.digest))
    return 0;
  if (!node->present)
    return missing(node, err);
  for (size_t i = 0; i < node->child_count; i++)
    if (node_add(making, &node->children[i], node, err))
      return -1;
  return items_add(&out->manifests, &out->manifest_count, node, NULL, err);
}

int ctd_push_items_make(struct ctd_push_items *out, const struct ctd_image_node *tree, const char *domain,
                        const char *repository, struct ctd_error *err) {
  struct making making = {.out = out, .repository = repository};
  memset(out, 0, sizeof *out);
  int result = ctd_distribution_label(&making.origin, domain, repository, err);
  if (!result)
    result = node_add(&making, tree, NULL, err);
  if (result)
    ctd_push_items_free(out);
  ctd_labels_free(&making.origin);
  return result;
}

int ctd_push_items_mounts(const struct ctd_push_items *items, const char ***out, struct ctd_error *err) {
  const char **mounts = calloc(items->blob_count + 1, sizeof *mounts);
  size_t count = 0;
  if (!mounts)
    return ctd_error_nomem(err);
  for (size_t i = 0; i < items->blob_count; i++) {
    bool known = !items->blobs[i].mount;
    for (size_t j = 0; j < count && !known; j++)
      known = !strcmp(mounts[j], items->blobs[i].mount);
    if (!known)
      mounts[count++] = items->blobs[i].mount;
  }
  *out = mounts;
  return 0;
}
