/* What the parts of a pull or push tell of their progress, from any of its threads. */
#ifndef CTD_CLIENT_PULL_REPORT_H
#define CTD_CLIENT_PULL_REPORT_H

#include "client/pull.h"
#include <pthread.h>

struct ctd_pull_report {
  pthread_mutex_t lock; /* one call at a time */
  struct ctd_progress_listener listener;
};

void ctd_pull_report_init(struct ctd_pull_report *report, const struct ctd_progress_listener *listener);
void ctd_pull_report_free(struct ctd_pull_report *report);

/* `offset`: how many bytes are there. */
void ctd_pull_tell(struct ctd_pull_report *report, const struct ctd_descriptor *descriptor,
                   enum ctd_progress_state state, int64_t offset);

#endif
