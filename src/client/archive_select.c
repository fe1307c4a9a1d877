#include "client/archive_select.h"
#include <stdlib.h>

int ctd_archive_platform(const struct ctd_client *client, const char *text, struct ctd_platform *out,
                         struct ctd_error *err) {
  if (!text)
    text = ctd_client_platform(client);
  if (text)
    return ctd_platform_parse(out, text, err);
  ctd_platform_host(out);
  return 0;
}

bool ctd_archive_is_optional(const struct ctd_image_node *node) {
  return ctd_media_type_is_foreign(node->descriptor.media_type);
}

/* As ctd_platform_rank; an entry that names no platform suits any. */
static int node_rank(const struct ctd_image_node *node, const struct ctd_platform *platform) {
  const struct ctd_descriptor *descriptor = &node->descriptor;
  return descriptor->has_platform ? ctd_platform_rank(platform, &descriptor->platform) : 0;
}

/* The best rank among those that name a platform; −1 if none suits. */
static int best_rank(const struct ctd_image_node *node, const struct ctd_platform *platform) {
  int best = -1;
  for (size_t i = 0; i < node->child_count; i++) {
    int rank = node_rank(&node->children[i], platform);
    if (node->children[i].descriptor.has_platform && rank >= 0 && (best < 0 || rank < best))
      best = rank;
  }
  return best;
}

int ctd_archive_select(const struct ctd_image_node *node, const struct ctd_platform *platform, bool best,
                       const struct ctd_image_node ***out, size_t *count, struct ctd_error *err) {
  bool all = !platform || !ctd_media_type_is_index(node->descriptor.media_type);
  int limit = all || !best ? -1 : best_rank(node, platform);
  *count = 0;
  *out = calloc(node->child_count + 1, sizeof(struct ctd_image_node *));
  if (!*out)
    return ctd_error_nomem(err);
  for (size_t i = 0; i < node->child_count; i++) {
    const struct ctd_image_node *child = &node->children[i];
    int rank = all ? 0 : node_rank(child, platform);
    if (rank < 0 || (limit >= 0 && child->descriptor.has_platform && rank != limit))
      continue;
    (*out)[(*count)++] = child;
  }
  return 0;
}
