/* An exchange: a call of any method whose messages are sent and received one by one. */
#ifndef CTD_CLIENT_EXCHANGE_H
#define CTD_CLIENT_EXCHANGE_H

#include "client/service_method.h"

/*
 * Shared by reference; it keeps its client. One thread may send while another receives; a second one that sends, or
 * receives, is CTD_FAILED_PRECONDITION.
 */
struct ctd_exchange;

/*
 * Begins the call. `request` is its first message, or NULL; where the method takes no stream it must be there, and
 * nothing can be sent afterwards. What the daemon thinks of it shows when its answer is received. The caller unrefs
 * *out.
 */
int ctd_exchange_open(struct ctd_exchange **out, struct ctd_client *client, const struct ctd_service_method *method,
                      const ProtobufCMessage *request, struct ctd_scope *scope, struct ctd_error *err);

struct ctd_exchange *ctd_exchange_ref(struct ctd_exchange *exchange);
void ctd_exchange_unref(struct ctd_exchange *exchange); /* NULL is fine; what is left of the call is cancelled */

/* Borrowed from the exchange. */
const struct ctd_service_method *ctd_exchange_method(const struct ctd_exchange *exchange);

/*
 * Sends a message, which has the type of the method's request. When the scope ends in its midst the whole call does.
 * Once the daemon has ended the call, its reason is the error; after ctd_exchange_close_send, or of a method that takes
 * no stream: CTD_FAILED_PRECONDITION.
 */
int ctd_exchange_send(struct ctd_exchange *exchange, const ProtobufCMessage *message, struct ctd_scope *scope,
                      struct ctd_error *err);

/* No more messages will be sent. Again: nothing. */
int ctd_exchange_close_send(struct ctd_exchange *exchange, struct ctd_error *err);

/*
 * The next message, which the caller frees with protobuf_c_message_free_unpacked; NULL at the end. It may be called
 * again after its scope has ended, and nothing is lost by that. What isn't received holds the daemon back. CTD_PENDING:
 * it hasn't come yet, in a nowait scope.
 */
int ctd_exchange_receive(struct ctd_exchange *exchange, ProtobufCMessage **out, struct ctd_scope *scope,
                         struct ctd_error *err);

/*
 * While the next one is pending: has `notify` called, once, on a thread of the library, when it can go on; false: that
 * can't be told. It must not block nor use the exchange. NULL: not any more; when this returns it isn't running either.
 */
bool ctd_exchange_watch(struct ctd_exchange *exchange, void (*notify)(void *), void *context);

#endif
