/* Going through the content store, however much is in it. */
#ifndef CTD_CLIENT_CONTENT_WALK_H
#define CTD_CLIENT_CONTENT_WALK_H

#include "client/content.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A walk. It reads from the daemon as it's asked to, and holds one of its messages (of some 100 blobs) at a time. */
struct ctd_content_walk;

/* The blobs for which one of the filters holds (without filters: all); they are copied. Does nothing else yet. */
int ctd_content_walk_new(struct ctd_content_walk **out, struct ctd_client *client, const char *const *filters,
                         size_t count, struct ctd_error *err);

struct ctd_content_walk *ctd_content_walk_ref(struct ctd_content_walk *walk);
void ctd_content_walk_unref(struct ctd_content_walk *walk); /* NULL is fine */

struct ctd_client *ctd_content_walk_client(const struct ctd_content_walk *walk); /* borrowed */

/* Waits until the daemon has answered, so that filters it doesn't understand fail here. Before the first step only. */
int ctd_content_walk_start(struct ctd_content_walk *walk, struct ctd_scope *scope, struct ctd_error *err);

/*
 * The next blob, which the caller frees; out->digest NULL at the end. It may be called again after its scope has ended.
 * CTD_PENDING: it hasn't come yet, in a nowait scope. CTD_FAILED_PRECONDITION while another step is under way.
 */
int ctd_content_walk_next(struct ctd_content_walk *walk, struct ctd_content_info *out, struct ctd_scope *scope,
                          struct ctd_error *err);

/*
 * While a step is pending: has `notify` called, once, on a thread of the library, when it can go on; false: that can't
 * be told. It must not block nor use the walk. NULL: not any more; when this returns it isn't running either.
 */
bool ctd_content_walk_watch(struct ctd_content_walk *walk, void (*notify)(void *), void *context);

/*
 * The next blob if it has come already; it stays until this is called again, always on the same thread. NULL: there may
 * be more.
 */
const struct ctd_content_info *ctd_content_walk_take(struct ctd_content_walk *walk);

#ifdef __cplusplus
}
#endif

#endif
