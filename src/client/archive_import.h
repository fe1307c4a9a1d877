/* Importing images from archives: OCI layouts, and what `docker save` writes. */
#ifndef CTD_CLIENT_ARCHIVE_IMPORT_H
#define CTD_CLIENT_ARCHIVE_IMPORT_H

#include "client/content_ingest.h"
#include "client/image.h"

#ifdef __cplusplus
extern "C" {
#endif

struct ctd_import_options {
  const char *prefix; /* of names that the archive gives as a tag alone; NULL: none */
  bool only_prefix;   /* full names that don't begin with the prefix don't count */
  /* Gives an image another name in place of *name, which it frees; NULL for none. A NULL function gives none another.
   */
  int (*rename)(void *context, char **name, struct ctd_error *err);
  void *rename_context;
  bool digests;                 /* each manifest or index also gets the name <prefix>@<digest> */
  const char *index_name;       /* also of the index over all images; NULL: it has no name */
  const char *platform;         /* whose images are kept; NULL: the client's */
  bool all_platforms;           /* those of all are */
  bool skip_missing;            /* blobs that the archive lacks are no error */
  bool unpack;                  /* complete images for the platform */
  const char *snapshotter;      /* NULL: the default one */
  bool discard_unpacked_layers; /* leaves layers to the collector */
  struct ctd_labels labels; /* for the images' records; owned by the caller. None: an existing record keeps its own */
};

/*
 * Makes blobs of the archive's files, labels them for the collector and creates or updates the images' records, all
 * under one lease; what it leaves is what containerd's Go client leaves. A broken archive is CTD_INVALID_ARGUMENT or
 * CTD_DIGEST_MISMATCH, one that lacks blobs CTD_NOT_FOUND, one without an image for the platform
 * CTD_UNSUPPORTED_PLATFORM. On failure records are as before, and blobs are left to the collector. The caller frees
 * *out.
 */
int ctd_import(struct ctd_client *client, const struct ctd_source *source, const struct ctd_import_options *options,
               struct ctd_scope *scope, struct ctd_images *out, struct ctd_error *err);

#ifdef __cplusplus
}
#endif

#endif
