#include "base/buffer.h"
#include "client/diff.h"
#include "client/snapshot.h"
#include "client/unique.h"
#include <stdlib.h>
#include <string.h>

/* How long removing the view may take, in seconds. What isn't removed goes with the lease. */
#define REMOVE_TIMEOUT 10.0

struct comparison {
  struct ctd_client *client;
  const char *snapshotter, *key, *ref;
  struct ctd_scope *scope;
};

static int compare(const struct comparison *comparison, const struct ctd_mounts *lower, const struct ctd_mounts *upper,
                   struct ctd_descriptor *out, struct ctd_error *err) {
  Containerd__Services__Diff__V1__DiffRequest request = CONTAINERD__SERVICES__DIFF__V1__DIFF_REQUEST__INIT;
  Containerd__Services__Diff__V1__DiffResponse *reply;
  request.ref = (char *)comparison->ref;
  request.n_left = lower->count;
  request.n_right = upper->count;
  int result = -1;
  if (!ctd_mounts_to_messages(lower, &request.left, err) && !ctd_mounts_to_messages(upper, &request.right, err))
    result = ctd_diff_compare(comparison->client, &request, &reply, comparison->scope, err);
  free(request.left);
  free(request.right);
  if (result)
    return -1;
  result = reply->diff ? ctd_descriptor_make(out, reply->diff->media_type, reply->diff->digest, reply->diff->size, err)
                       : ctd_error_set(err, CTD_DATA_LOSS, "the answer has no descriptor");
  protobuf_c_message_free_unpacked(&reply->base, NULL);
  return result;
}

/*
 * As the files are on the disk. For a comparison containerd would show those that were written through the maps of a
 * user namespace as it shows those of the image, so that they'd be nobody's.
 */
static void mounts_unmap(struct ctd_mounts *mounts) {
  for (size_t i = 0; i < mounts->count; i++) {
    char **kept = mounts->items[i].options;
    for (char **option = kept; *option; option++)
      if (!strncmp(*option, "uidmap=", 7) || !strncmp(*option, "gidmap=", 7))
        free(*option);
      else
        *kept++ = *option;
    *kept = NULL;
  }
}

static void view_remove(const struct comparison *comparison, const char *view) {
  struct ctd_error ignored = {0};
  struct ctd_scope scope;
  ctd_scope_init(&scope, REMOVE_TIMEOUT);
  ctd_snapshot_remove(comparison->client, comparison->snapshotter, view, &scope, &ignored);
  ctd_error_clear(&ignored);
}

static int compare_with(const struct comparison *comparison, const char *parent, struct ctd_descriptor *out,
                        struct ctd_error *err) {
  static const struct ctd_labels none;
  struct ctd_mounts lower = {0}, upper = {0};
  char unique[CTD_UNIQUE_SIZE];
  ctd_unique(unique);
  char *view = ctd_format(err, "%s-parent-view-%s", parent, unique);
  if (!view)
    return -1;
  int result = ctd_snapshot_view(comparison->client, comparison->snapshotter, view, parent, &none, &lower,
                                 comparison->scope, err);
  if (!result)
    result = ctd_snapshot_mounts(comparison->client, comparison->snapshotter, comparison->key, &upper,
                                 comparison->scope, err);
  mounts_unmap(&upper);
  if (!result)
    result = compare(comparison, &lower, &upper, out, err);
  view_remove(comparison, view);
  ctd_mounts_free(&lower);
  ctd_mounts_free(&upper);
  free(view);
  return result;
}

int ctd_diff_snapshot(struct ctd_client *client, const char *snapshotter, const char *key, const char *ref,
                      struct ctd_scope *scope, struct ctd_descriptor *out, struct ctd_error *err) {
  const struct comparison comparison = {client, snapshotter, key, ref, scope};
  struct ctd_snapshot_info info;
  int result = ctd_snapshot_stat(client, snapshotter, key, scope, &info, err);
  if (!result && !info.active)
    result = ctd_error_set(err, CTD_FAILED_PRECONDITION, "snapshot %s is read-only: it has no layer", key);
  if (!result)
    result = compare_with(&comparison, info.parent, out, err);
  ctd_snapshot_info_free(&info);
  return result;
}
