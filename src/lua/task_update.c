#include "client/task.h"
#include "lua/op.h"
#include "lua/spec_options.h"
#include "lua/types.h"

struct update {
  struct ctd_process *task;
  struct ctd_task_update update;
};

#define LIMIT(member) offsetof(struct update, update.limits.member)

static const struct ctd_option update_options[] = {
    CTD_LIMIT_OPTIONS(LIMIT),
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
