#include "client/task.h"
#include "lua/op.h"
#include "lua/types.h"

struct update {
  struct ctd_process *task;
  struct ctd_task_update update;
};

static const struct ctd_option update_options[] = {
    {"memory", ctd_read_memory, offsetof(struct update, update.limits.memory), false},
    {"cpus", ctd_read_number, offsetof(struct update, update.limits.cpus), false},
    {"pids_limit", ctd_read_integer, offsetof(struct update, update.limits.pids_limit), false},
    {"resources", ctd_read_json, offsetof(struct update, update.resources), false},
    {"annotations", ctd_read_labels, offsetof(struct update, update.annotations), false},
    {NULL, NULL, 0, false},
};

static int update_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct update *request = data;
  return ctd_task_update(request->task, &request->update, scope, err);
}

const struct ctd_method ctd_task_update_method = {
    .name = "update",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct update),
    .options = update_options,
    .run = update_run,
};
