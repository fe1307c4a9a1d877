/* Events: what happens in all namespaces (containerd.services.events.v1). */
#ifndef CTD_CLIENT_EVENT_H
#define CTD_CLIENT_EVENT_H

#include "client/client.h"
#include "types.pb-c.h"

/* Publishes in the client's namespace. */
int ctd_event_publish(struct ctd_client *client, const char *topic, const Google__Protobuf__Any *event,
                      struct ctd_scope *scope, struct ctd_error *err);

/* Publishes an event as it is, with its namespace and its time. */
int ctd_event_forward(struct ctd_client *client, const Containerd__Types__Envelope *envelope, struct ctd_scope *scope,
                      struct ctd_error *err);

/*
 * A subscription. containerd doesn't say when one stands, and replays nothing: so that nothing is missed, opening
 * publishes events of a topic of its own, CTD_EVENT_PROBE, until one arrives. They are never given out.
 *
 * When the daemon is lost, the next read subscribes again, with back-off, until that works, and then reports a gap.
 * Events that nobody reads hold the daemon back: here at most 1 MiB is buffered.
 */
struct ctd_subscription;

#define CTD_EVENT_PROBE "/lua-containerd/subscribed"

/* The filters (containerd's, or-ed; none: all events) are copied. The caller unrefs *out. */
int ctd_subscription_open(struct ctd_subscription **out, struct ctd_client *client, const char *const *filters,
                          size_t count, struct ctd_scope *scope, struct ctd_error *err);

struct ctd_subscription *ctd_subscription_ref(struct ctd_subscription *subscription);
void ctd_subscription_unref(struct ctd_subscription *subscription); /* NULL is fine */

struct ctd_client *ctd_subscription_client(const struct ctd_subscription *subscription); /* borrowed */

/*
 * The next event, which the caller frees with protobuf_c_message_free_unpacked; NULL: the daemon was lost and found
 * again, events between are missing. It may be called again after its scope has ended, and nothing is lost by that.
 * CTD_PENDING: it hasn't come yet, in a nowait scope. CTD_FAILED_PRECONDITION while somebody else waits for it.
 */
int ctd_subscription_next(struct ctd_subscription *subscription, Containerd__Types__Envelope **out,
                          struct ctd_scope *scope, struct ctd_error *err);

/*
 * While the next one is pending: has `notify` called, once, on a thread of the library, when it can go on; false: that
 * can't be told, as when the daemon has to be found again. It must not block nor use the subscription. NULL: not any
 * more; when this returns it isn't running either.
 */
bool ctd_subscription_watch(struct ctd_subscription *subscription, void (*notify)(void *), void *context);

/*
 * The next event if it has come already; it stays until this is called again, always on the same thread. NULL: none
 * has, or there is something else to know.
 */
const Containerd__Types__Envelope *ctd_subscription_take(struct ctd_subscription *subscription);

#endif
