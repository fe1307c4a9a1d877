/* Pulling an image from a registry into the daemon, and unpacking it there. */
#ifndef CTD_CLIENT_PULL_H
#define CTD_CLIENT_PULL_H

#include "client/image.h"
#include "registry/options.h"

#ifdef __cplusplus
extern "C" {
#endif

enum ctd_progress_state {
  CTD_PROGRESS_WAITING,
  CTD_PROGRESS_DOWNLOADING,
  CTD_PROGRESS_EXISTS,
  CTD_PROGRESS_DOWNLOADED,
  CTD_PROGRESS_UNPACKING,
  CTD_PROGRESS_UNPACKED,
  CTD_PROGRESS_UPLOADING,
  CTD_PROGRESS_MOUNTED,
  CTD_PROGRESS_UPLOADED,
};

/* "waiting", "downloading", "exists", "downloaded", "unpacking", "unpacked", "uploading", "mounted", "uploaded" */
const char *ctd_progress_state_name(enum ctd_progress_state state);

/* One step of one descriptor. */
struct ctd_progress {
  const char *digest, *media_type; /* borrowed for the call */
  int64_t size, offset;            /* bytes: of the blob, and there so far */
  enum ctd_progress_state state;
};

/* Called on the threads of the operation, one at a time; NULL: nobody wants to know. */
struct ctd_progress_listener {
  void (*tell)(void *context, const struct ctd_progress *progress);
  void *context;
};

/* Whether the daemon pulls by itself: CTD_TRANSFER_AUTO, where it can all that is asked. */
enum ctd_pull_transfer { CTD_TRANSFER_NEVER, CTD_TRANSFER_ALWAYS, CTD_TRANSFER_AUTO };

struct ctd_pull_options {
  const json_t *platforms; /* array of strings; NULL: the client's alone */
  bool all_platforms;
  const char *snapshotter;  /* NULL: the client's, then the namespace's default */
  bool unpack;              /* all that is fetched, but for what can't be: attestations and artifacts */
  bool platform_check;      /* not to unpack what is for another platform than the client's */
  int max_concurrent;       /* layers fetched at once; 0: 3 */
  struct ctd_labels labels; /* for the image's record; owned by the caller */
  struct ctd_registry_options registry;
  struct ctd_progress_listener listener;
  enum ctd_pull_transfer transfer;
};

/*
 * Resolves `reference` (normalised here: "redis" works), fetches what the daemon doesn't have, unpacks and creates or
 * updates the image's record, all under one lease. What it leaves is what containerd's Go client leaves. On failure no
 * image record, lease or unfinished snapshot stays; blobs that are complete may stay until they are collected.
 * With CTD_TRANSFER_ALWAYS what the daemon can't do by itself is CTD_UNIMPLEMENTED. The caller unrefs *out.
 */
int ctd_pull(struct ctd_client *client, const char *reference, const struct ctd_pull_options *options,
             struct ctd_scope *scope, struct ctd_image **out, struct ctd_error *err);

#ifdef __cplusplus
}
#endif

#endif
