#include "rpc/channel.h"
#include "base/buffer.h"
#include "rpc/runtime.h"
#include <errno.h>
#include <grpc/grpc_security.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct ctd_channel {
  atomic_int references;
  char *path, *target; /* of the socket, and as gRPC is told */
  pthread_mutex_t mutex;
  grpc_channel *grpc; /* with the mutex */
};

static int connect_failed(const char *path, int errnum, struct ctd_error *err) {
  ctd_error_errno(err, errnum, "connect to %s", path);
  if (errnum == ENOENT || errnum == ENOTDIR)
    err->code = CTD_NO_SUCH_SOCKET;
  else if (errnum == ENOTSOCK)
    err->code = CTD_CONNECTION_REFUSED;
  return -1;
}

static int channel_probe(const char *path, struct ctd_error *err) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "connect to %s: a socket's path has at most %zu bytes", path,
                         sizeof address.sun_path - 1);
  memcpy(address.sun_path, path, strlen(path) + 1);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    return connect_failed(path, errno, err);
  /* EAGAIN: somebody listens, with a full backlog; the deadline of the first call decides. */
  int failed = connect(fd, (struct sockaddr *)&address, sizeof address) && errno != EAGAIN ? errno : 0;
  close(fd);
  return failed ? connect_failed(path, failed, err) : 0;
}

static grpc_arg int_arg(const char *key, int value) {
  grpc_arg arg = {.type = GRPC_ARG_INTEGER, .key = (char *)key, .value.integer = value};
  return arg;
}

static grpc_arg string_arg(const char *key, const char *value) {
  grpc_arg arg = {.type = GRPC_ARG_STRING, .key = (char *)key, .value.string = (char *)value};
  return arg;
}

static grpc_channel *channel_create(const char *target) {
  grpc_arg args[] = {
      int_arg(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, CTD_MESSAGE_LIMIT),
      int_arg(GRPC_ARG_MAX_SEND_MESSAGE_LENGTH, CTD_MESSAGE_LIMIT),
      string_arg(GRPC_ARG_DEFAULT_AUTHORITY, "localhost"), /* containerd refuses the socket's path as authority */
      int_arg(GRPC_ARG_ENABLE_HTTP_PROXY, 0),
      int_arg(GRPC_ARG_ENABLE_RETRIES, 0), /* nobody configures any, and their filter costs a tenth of a call */
      int_arg(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1), /* a closed client closes its connection */
      int_arg(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100),
      int_arg(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 60000), /* a silent peer: the deadline of the call decides */
      int_arg(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000),
  };
  grpc_channel_args all = {.num_args = sizeof args / sizeof *args, .args = args};
  grpc_channel_credentials *insecure = grpc_insecure_credentials_create();
  grpc_channel *channel = grpc_channel_create(target, insecure, &all);
  grpc_channel_credentials_release(insecure);
  return channel;
}

static void channel_free(struct ctd_channel *channel) {
  pthread_mutex_destroy(&channel->mutex);
  free(channel->path);
  free(channel->target);
  free(channel);
}

int ctd_channel_open(struct ctd_channel **out, const char *path, struct ctd_error *err) {
  *out = NULL;
  if (channel_probe(path, err) || ctd_runtime_start(err))
    return -1;
  struct ctd_channel *channel = calloc(1, sizeof *channel);
  if (!channel)
    return ctd_error_nomem(err);
  atomic_init(&channel->references, 1);
  pthread_mutex_init(&channel->mutex, NULL);
  if (ctd_copy_string(&channel->path, path, err) || !(channel->target = ctd_format(err, "unix:%s", path))) {
    channel_free(channel);
    return -1;
  }
  channel->grpc = channel_create(channel->target);
  *out = channel;
  return 0;
}

struct ctd_channel *ctd_channel_ref(struct ctd_channel *channel) {
  atomic_fetch_add(&channel->references, 1);
  return channel;
}

void ctd_channel_unref(struct ctd_channel *channel) {
  if (!channel || atomic_fetch_sub(&channel->references, 1) > 1)
    return;
  if (ctd_runtime_usable())
    grpc_channel_destroy(channel->grpc);
  channel_free(channel);
}

/* gRPC refuses calls from a failed attempt to connect until it's time for the next; a new channel tries at once. */
static void channel_revive(struct ctd_channel *channel) {
  struct ctd_error still = {0};
  if (grpc_channel_check_connectivity_state(channel->grpc, 0) != GRPC_CHANNEL_TRANSIENT_FAILURE)
    return;
  if (!channel_probe(channel->path, &still)) {
    grpc_channel_destroy(channel->grpc);
    channel->grpc = channel_create(channel->target);
  }
  ctd_error_clear(&still);
}

grpc_call *ctd_channel_call(struct ctd_channel *channel, const char *method, grpc_completion_queue *queue,
                            gpr_timespec deadline) {
  pthread_mutex_lock(&channel->mutex);
  channel_revive(channel);
  grpc_call *call = grpc_channel_create_call(channel->grpc, NULL, GRPC_PROPAGATE_DEFAULTS, queue,
                                             grpc_slice_from_static_string(method), NULL, deadline, NULL);
  pthread_mutex_unlock(&channel->mutex);
  return call;
}
