#include "client/container.h"
#include "client/snapshot.h"
#include "client/task.h"
#include "containers.pb-c.h"
#include "rpc/call.h"

#define METHOD(name) "/containerd.services.containers.v1.Containers/" name

typedef Containerd__Services__Containers__V1__DeleteContainerRequest DeleteRequest;

static int container_failed(const struct ctd_container *container, const char *op, struct ctd_error *err) {
  return ctd_client_failed(ctd_container_client(container), err, op, "container %s", ctd_container_id(container));
}

static int record_delete(struct ctd_container *container, struct ctd_scope *scope, struct ctd_error *err) {
  DeleteRequest request = CONTAINERD__SERVICES__CONTAINERS__V1__DELETE_CONTAINER_REQUEST__INIT;
  request.id = (char *)ctd_container_id(container);
  return ctd_call(ctd_client_target(ctd_container_client(container)), METHOD("Delete"), &request.base, NULL, NULL,
                  scope, err);
}

static int snapshot_delete(struct ctd_container *container, struct ctd_scope *scope, struct ctd_error *err) {
  const struct ctd_container_info *record = ctd_container_record(container);
  if (!*record->snapshot_key)
    return 0;
  return ctd_snapshot_remove(ctd_container_client(container), record->snapshotter, record->snapshot_key, scope, err);
}

/* 0 if the container has no task. */
static int check_no_task(struct ctd_container *container, struct ctd_scope *scope, struct ctd_error *err) {
  struct ctd_process *task;
  if (!ctd_task_load(container, scope, &task, err)) {
    ctd_process_unref(task);
    return ctd_error_set(err, CTD_FAILED_PRECONDITION, "it has a task, which must be deleted first");
  }
  if (err->code != CTD_NOT_FOUND)
    return -1;
  ctd_error_clear(err);
  return 0;
}

static int container_delete(struct ctd_container *container, bool snapshot, struct ctd_scope *scope,
                            struct ctd_error *err) {
  if (check_no_task(container, scope, err) || (snapshot && snapshot_delete(container, scope, err)))
    return -1;
  return record_delete(container, scope, err);
}

int ctd_container_delete(struct ctd_container *container, bool snapshot, struct ctd_scope *scope,
                         struct ctd_error *err) {
  int result = ctd_container_begin_delete(container, scope, err);
  if (!result) {
    result = container_delete(container, snapshot, scope, err);
    ctd_container_end_delete(container);
  }
  return result ? container_failed(container, "delete", err) : 0;
}

/* What isn't there needn't go. */
static int unless_missing(int result, struct ctd_error *err) {
  if (!result || err->code != CTD_NOT_FOUND)
    return result;
  ctd_error_clear(err);
  return 0;
}

static int destroy_task_once(struct ctd_container *container, struct ctd_scope *scope, struct ctd_error *err) {
  struct ctd_process *task = NULL;
  struct ctd_exit exit;
  int result = ctd_task_load(container, scope, &task, err);
  if (!result)
    result = ctd_process_delete(task, true, scope, &exit, err);
  ctd_process_unref(task);
  return unless_missing(result, err);
}

/* If others delete it at the same time the first attempt may fail in many ways; then the task is gone. */
static int destroy_task(struct ctd_container *container, struct ctd_scope *scope, struct ctd_error *err) {
  if (!destroy_task_once(container, scope, err))
    return 0;
  ctd_error_clear(err);
  return destroy_task_once(container, scope, err);
}

static int container_destroy(struct ctd_container *container, struct ctd_scope *scope, struct ctd_error *err) {
  if (destroy_task(container, scope, err) || snapshot_delete(container, scope, err))
    return -1;
  return unless_missing(record_delete(container, scope, err), err);
}

int ctd_container_destroy(struct ctd_container *container, struct ctd_scope *scope, struct ctd_error *err) {
  int result = ctd_container_begin_delete(container, scope, err);
  if (!result) {
    result = container_destroy(container, scope, err);
    ctd_container_end_delete(container);
  }
  return result ? container_failed(container, "close", err) : 0;
}
