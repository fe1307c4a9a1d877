#include "client/close_io.h"
#include "base/buffer.h"
#include "rpc/call.h"
#include "tasks.pb-c.h"
#include <pthread.h>
#include <stdlib.h>

#define TIMEOUT 30.0

struct ctd_close_io {
  atomic_int references;
  struct ctd_client *client;
  char *id, *exec_id;
  pthread_mutex_t starting; /* while the call isn't in the scope yet */
  struct ctd_scope scope;
};

int ctd_close_io(struct ctd_client *client, const char *id, const char *exec_id, struct ctd_scope *scope,
                 struct ctd_error *err) {
  Containerd__Services__Tasks__V1__CloseIORequest request = CONTAINERD__SERVICES__TASKS__V1__CLOSE_IOREQUEST__INIT;
  request.container_id = (char *)id;
  request.exec_id = (char *)exec_id;
  request.stdin = 1;
  return ctd_call(ctd_client_target(client), "/containerd.services.tasks.v1.Tasks/CloseIO", &request.base, NULL, NULL,
                  scope, err);
}

int ctd_close_io_new(struct ctd_close_io **out, struct ctd_client *client, const char *id, const char *exec_id,
                     struct ctd_error *err) {
  struct ctd_close_io *close_io = calloc(1, sizeof *close_io);
  *out = NULL;
  if (!close_io)
    return ctd_error_nomem(err);
  atomic_init(&close_io->references, 1);
  pthread_mutex_init(&close_io->starting, NULL);
  close_io->client = ctd_client_ref(client);
  if (ctd_copy_string(&close_io->id, id, err) || ctd_copy_string(&close_io->exec_id, exec_id, err)) {
    ctd_close_io_unref(close_io);
    return -1;
  }
  *out = close_io;
  return 0;
}

static void close_io_sent(void *context) {
  struct ctd_close_io *close_io = context;
  pthread_mutex_lock(&close_io->starting);
  pthread_mutex_unlock(&close_io->starting);
  ctd_scope_release(&close_io->scope);
  ctd_close_io_unref(close_io);
}

void ctd_close_io_send(void *context) {
  struct ctd_close_io *close_io = context;
  struct ctd_error ignored = {0};
  atomic_fetch_add(&close_io->references, 1);
  ctd_scope_init(&close_io->scope, TIMEOUT);
  close_io->scope.nowait = true;
  close_io->scope.notify = close_io_sent;
  close_io->scope.notify_context = close_io;
  pthread_mutex_lock(&close_io->starting);
  int result = ctd_close_io(close_io->client, close_io->id, close_io->exec_id, &close_io->scope, &ignored);
  pthread_mutex_unlock(&close_io->starting);
  if (result != CTD_PENDING)
    ctd_close_io_unref(close_io);
  ctd_error_clear(&ignored);
}

void ctd_close_io_unref(struct ctd_close_io *close_io) {
  if (!close_io || atomic_fetch_sub(&close_io->references, 1) > 1)
    return;
  ctd_client_unref(close_io->client);
  pthread_mutex_destroy(&close_io->starting);
  free(close_io->id);
  free(close_io->exec_id);
  free(close_io);
}
