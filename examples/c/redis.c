/*
 * Pulls redis, runs it on the terminal for three seconds, stops it, and leaves nothing but the image.
 *   cc redis.c $(pkg-config --cflags --libs containerd-client)
 */
#include <containerd-client/client/all.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static struct ctd_scope scope; /* of all that is done until Ctrl-C */

static void interrupted(int signal) {
  (void)signal;
  ctd_scope_cancel(&scope);
}

static int run_task(struct ctd_process *task, struct ctd_error *err) {
  struct ctd_exit exit;
  if (ctd_process_start(task, &scope, err) || ctd_scope_sleep(&scope, 3, err) ||
      ctd_process_kill(task, SIGTERM, false, &scope, err) || ctd_process_wait(task, &scope, &exit, err))
    return -1;
  printf("redis-server exited with status: %u\n", exit.code);
  return ctd_process_delete(task, false, &scope, &exit, err);
}

static int run_container(struct ctd_container *container, struct ctd_error *err) {
  struct ctd_task_options options = {
      .stdio.streams = {{CTD_STREAM_FD, 0, NULL}, {CTD_STREAM_FD, 1, NULL}, {CTD_STREAM_FD, 2, NULL}}};
  struct ctd_process *task = NULL;
  int result = ctd_task_create(container, &options, &scope, &task, err);
  if (!result)
    result = run_task(task, err);
  ctd_process_unref(task);
  return result;
}

static int run_image(struct ctd_image *image, struct ctd_error *err) {
  struct ctd_container_options options = {.snapshot = "redis-server-snapshot"};
  struct ctd_container *container = NULL;
  struct ctd_error ignored = {0};
  struct ctd_scope cleanup;
  if (ctd_container_create(image, "redis-server", &options, &scope, &container, err))
    return -1;
  int result = run_container(container, err);
  ctd_scope_init(&cleanup, 30);
  if (ctd_container_destroy(container, &cleanup, result ? &ignored : err))
    result = -1;
  ctd_error_clear(&ignored);
  ctd_container_unref(container);
  return result;
}

static int run(struct ctd_client *client, struct ctd_error *err) {
  struct ctd_pull_options options = {.unpack = true};
  struct ctd_image *image = NULL;
  if (ctd_pull(client, "docker.io/library/redis:alpine", &options, &scope, &image, err))
    return -1;
  printf("Successfully pulled %s image\n", ctd_image_name(image));
  int result = run_image(image, err);
  ctd_image_unref(image);
  return result;
}

int main(void) {
  struct ctd_client_options options = {.address = getenv("CONTAINERD_ADDRESS"), .ns = "example"};
  struct ctd_client *client = NULL;
  struct ctd_error err = {0};
  options.hosts_dir = getenv("CONTAINERD_HOSTS_DIR");
  ctd_scope_init(&scope, INFINITY);
  signal(SIGINT, interrupted);
  setvbuf(stdout, NULL, _IOLBF, 0);
  int result = ctd_client_connect(&client, &options, &scope, &err) || run(client, &err);
  if (result)
    fprintf(stderr, "%s\n", err.message);
  ctd_error_clear(&err);
  ctd_client_unref(client);
  return result;
}
