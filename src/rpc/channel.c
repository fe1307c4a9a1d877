#include "rpc/channel.h"
#include "base/buffer.h"
#include "rpc/connection.h"
#include "rpc/runtime.h"
#include "rpc/status.h"
#include <stdlib.h>

struct ctd_channel {
  atomic_int references;
  char *path;
  pthread_mutex_t mutex;
  struct ctd_connection *connection; /* with the mutex; NULL where the daemon couldn't be reached */
};

int ctd_channel_open(struct ctd_channel **out, const char *path, struct ctd_error *err) {
  *out = NULL;
  if (ctd_runtime_start(err))
    return -1;
  struct ctd_channel *channel = calloc(1, sizeof *channel);
  if (!channel)
    return ctd_error_nomem(err);
  atomic_init(&channel->references, 1);
  pthread_mutex_init(&channel->mutex, NULL);
  if (ctd_copy_string(&channel->path, path, err) || ctd_connection_open(&channel->connection, path, err)) {
    ctd_channel_unref(channel);
    return -1;
  }
  *out = channel;
  return 0;
}

struct ctd_channel *ctd_channel_ref(struct ctd_channel *channel) {
  atomic_fetch_add(&channel->references, 1);
  return channel;
}

void ctd_channel_unref(struct ctd_channel *channel) {
  if (!channel || atomic_fetch_sub(&channel->references, 1) > 1 || !ctd_runtime_usable())
    return;
  ctd_connection_unref(channel->connection);
  pthread_mutex_destroy(&channel->mutex);
  free(channel->path);
  free(channel);
}

/* With the mutex. */
static int channel_reconnect(struct ctd_channel *channel, struct ctd_error *err) {
  ctd_connection_unref(channel->connection);
  if (!ctd_connection_open(&channel->connection, channel->path, err))
    return 0;
  err->code = CTD_UNAVAILABLE;
  err->status = CTD_STATUS_UNAVAILABLE;
  return -1;
}

int ctd_channel_connection(struct ctd_channel *channel, struct ctd_connection **connection, struct ctd_error *err) {
  int result = 0;
  if (ctd_runtime_start(err))
    return -1;
  pthread_mutex_lock(&channel->mutex);
  if (channel->connection == *connection)
    result = channel_reconnect(channel, err);
  ctd_connection_unref(*connection);
  *connection = result ? NULL : ctd_connection_ref(channel->connection);
  pthread_mutex_unlock(&channel->mutex);
  return result;
}
