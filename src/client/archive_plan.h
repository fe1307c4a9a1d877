/* What an archive of images consists of. */
#ifndef CTD_CLIENT_ARCHIVE_PLAN_H
#define CTD_CLIENT_ARCHIVE_PLAN_H

#include "client/archive_export.h"
#include "client/image_tree.h"

/* A file of the archive. */
struct ctd_archive_item {
  char *path;
  const struct ctd_descriptor *blob; /* borrowed from a tree; NULL: it's `text` */
  struct ctd_client *client;         /* borrowed: whose blob it is */
  char *text;
};

struct ctd_archive_plan {
  const struct ctd_export_options *options;
  struct ctd_scope *scope;
  struct ctd_platform platform;
  struct ctd_image_node *trees; /* one for each image */
  size_t tree_count;
  struct ctd_archive_item *items; /* sorted by path, each once */
  size_t count;
  json_t *index, *docker; /* the entries of index.json; those of manifest.json by their manifests' digests */
};

/* The caller frees *out, also after a failure. */
int ctd_archive_plan_make(struct ctd_archive_plan *out, struct ctd_client *client, const struct ctd_images *images,
                          const struct ctd_export_options *options, struct ctd_scope *scope, struct ctd_error *err);
void ctd_archive_plan_free(struct ctd_archive_plan *plan);

#endif
