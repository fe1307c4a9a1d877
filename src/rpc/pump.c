#include "rpc/pump.h"
#include "base/thread.h"

static pthread_mutex_t start_mutex = PTHREAD_MUTEX_INITIALIZER;
static grpc_completion_queue *queue;

static void *pump_run(void *argument) {
  (void)argument;
  for (;;) {
    grpc_event event = grpc_completion_queue_next(queue, gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
    if (event.type == GRPC_OP_COMPLETE) {
      struct ctd_pump_tag *tag = event.tag;
      tag->complete(tag);
    }
  }
  return NULL;
}

int ctd_pump_queue(grpc_completion_queue **out, struct ctd_error *err) {
  int result = 0;
  pthread_mutex_lock(&start_mutex);
  if (!queue) {
    pthread_t thread;
    queue = grpc_completion_queue_create_for_next(NULL);
    result = ctd_thread_start(&thread, "ctd-pump", pump_run, NULL, err);
    if (result) {
      grpc_completion_queue_shutdown(queue);
      grpc_completion_queue_destroy(queue);
      queue = NULL;
    } else {
      pthread_detach(thread);
    }
  }
  *out = queue;
  pthread_mutex_unlock(&start_mutex);
  return result;
}
