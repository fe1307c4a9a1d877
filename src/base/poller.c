#include "base/poller.h"
#include "base/fork.h"
#include "base/thread.h"
#include <errno.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define BATCH 32

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* for the start and the jobs */
static atomic_int owner;                                  /* the process whose thread it is; 0: not started */
static int epoll_fd = -1, wake_fd = -1;
static struct ctd_poller_job *jobs, **jobs_end = &jobs;

static void jobs_run(void) {
  pthread_mutex_lock(&mutex);
  struct ctd_poller_job *job = jobs;
  jobs = NULL;
  jobs_end = &jobs;
  pthread_mutex_unlock(&mutex);
  while (job) {
    struct ctd_poller_job *next = job->next;
    job->run(job);
    job = next;
  }
}

static void *poller_run(void *argument) {
  (void)argument;
  for (;;) {
    struct epoll_event events[BATCH];
    eventfd_t count;
    int ready = epoll_wait(epoll_fd, events, BATCH, -1);
    for (int i = 0; i < ready; i++) {
      struct ctd_poller_tag *tag = events[i].data.ptr;
      if (tag)
        tag->ready(tag);
      else
        eventfd_read(wake_fd, &count);
    }
    jobs_run();
  }
  return NULL;
}

static int poller_open(struct ctd_error *err) {
  struct epoll_event wake = {.events = EPOLLIN};
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (epoll_fd < 0 || wake_fd < 0 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, wake_fd, &wake))
    return ctd_error_errno(err, errno, "start polling");
  pthread_t thread;
  if (ctd_thread_start(&thread, "ctd-poller", poller_run, NULL, err))
    return -1;
  pthread_detach(thread);
  return 0;
}

static int poller_start(struct ctd_error *err) {
  if (!poller_open(err)) {
    atomic_store(&owner, ctd_fork_generation());
    return 0;
  }
  if (epoll_fd >= 0)
    close(epoll_fd);
  if (wake_fd >= 0)
    close(wake_fd);
  return -1;
}

int ctd_poller_start(struct ctd_error *err) {
  int result = 0;
  if (!atomic_load(&owner)) {
    pthread_mutex_lock(&mutex);
    if (!atomic_load(&owner))
      result = poller_start(err);
    pthread_mutex_unlock(&mutex);
  }
  if (result || atomic_load(&owner) == ctd_fork_generation())
    return result;
  return ctd_error_set(err, CTD_FAILED_PRECONDITION, "this process was forked after its parent had opened streams");
}

int ctd_poller_add(int fd, struct ctd_poller_tag *tag, bool *pollable, struct ctd_error *err) {
  struct epoll_event event = {.events = EPOLLONESHOT, .data.ptr = tag};
  *pollable = !epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
  return *pollable || errno == EPERM ? 0 : ctd_error_errno(err, errno, "poll a stream");
}

void ctd_poller_arm(int fd, uint32_t events, struct ctd_poller_tag *tag) {
  struct epoll_event event = {.events = events | EPOLLONESHOT, .data.ptr = tag};
  epoll_ctl(epoll_fd, EPOLL_CTL_MOD, fd, &event);
}

void ctd_poller_remove(int fd) {
  epoll_ctl(epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

void ctd_poller_post(struct ctd_poller_job *job) {
  job->next = NULL;
  pthread_mutex_lock(&mutex);
  *jobs_end = job;
  jobs_end = &job->next;
  pthread_mutex_unlock(&mutex);
  eventfd_write(wake_fd, 1);
}
