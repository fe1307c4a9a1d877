/* A server, a channel to it, and the last call, for tests of calls and streams. Any failure fails the test. */
#ifndef RPC_FIXTURE_H
#define RPC_FIXTURE_H

#include "h2_server.h"
#include "rpc/call.h"
#include "rpc/stream.h"
#include <google/protobuf/wrappers.pb-c.h>

typedef Google__Protobuf__BytesValue BytesValue;
#define bytes_type google__protobuf__bytes_value__descriptor

/* What is raised by a `notify`. */
struct flag {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  int count;
  pthread_t thread; /* that did so */
};
#define FLAG                                                                                                           \
  { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0 }
void flag_raise(void *flag);
void flag_await(struct flag *flag, int count); /* at most 20 s */
int flag_count(struct flag *flag);

struct rpc {
  char *directory, *path;
  struct h2_server server; /* its methods stay from test to test */
  struct ctd_channel *channel;
  struct ctd_target target;
  struct ctd_scope scope; /* 20 s */
  struct ctd_error err;
  BytesValue *reply;
};

extern struct rpc rpc;

int rpc_set_up(void **state);
int rpc_tear_down(void **state);

/* A server with other settings, and a channel to it. */
void rpc_restart(struct h2_server settings);
void rpc_channel_close(void);

/* Sends back what comes as it comes, and ends the call well when it is complete: messages have their prefix already. */
void rpc_echo(struct h2_request *request);

/* The same for a call whose method does nothing: the one of this number, from 1. */
void rpc_echo_now(int number);

BytesValue bytes_value(const void *data, size_t size); /* borrows them */

/* A call with a text, whose answer is in rpc.reply or rpc.err. */
int rpc_call(const char *method, const char *text);
int rpc_call_within(struct ctd_scope *scope, const char *method, const char *text);

/* One without waiting, whose text is the method: started, for whom `flag` is raised (NULL: who waits), and waited for.
 */
void rpc_start(struct ctd_scope *scope, double seconds, const char *method, struct flag *flag);
int rpc_finish(struct ctd_scope *scope, const char *method);

void rpc_check_reply(int result, const char *expected);
void rpc_check_failure(int result, enum ctd_code code, const char *expected);

/* A stream of the fixture's scope; what is sent and received is a text. */
struct ctd_stream *rpc_stream(const char *method);
void rpc_send(struct ctd_stream *stream, const char *text);
void rpc_receive(struct ctd_stream *stream, const char *expected);
void rpc_receive_end(struct ctd_stream *stream);

#endif
