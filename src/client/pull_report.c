#include "client/pull_report.h"

static const char *const state_names[] = {
    [CTD_PROGRESS_WAITING] = "waiting",     [CTD_PROGRESS_DOWNLOADING] = "downloading",
    [CTD_PROGRESS_EXISTS] = "exists",       [CTD_PROGRESS_DOWNLOADED] = "downloaded",
    [CTD_PROGRESS_UNPACKING] = "unpacking", [CTD_PROGRESS_UNPACKED] = "unpacked",
};

const char *ctd_progress_state_name(enum ctd_progress_state state) {
  return state_names[state];
}

void ctd_pull_report_init(struct ctd_pull_report *report, const struct ctd_pull_options *options) {
  pthread_mutex_init(&report->lock, NULL);
  report->progress = options->progress;
  report->context = options->progress_context;
}

void ctd_pull_report_free(struct ctd_pull_report *report) {
  pthread_mutex_destroy(&report->lock);
}

void ctd_pull_tell(struct ctd_pull_report *report, const struct ctd_descriptor *descriptor,
                   enum ctd_progress_state state, int64_t offset) {
  struct ctd_progress progress = {
      .digest = descriptor->digest,
      .media_type = descriptor->media_type,
      .size = descriptor->size,
      .offset = offset,
      .state = state,
  };
  if (!report->progress)
    return;
  pthread_mutex_lock(&report->lock);
  report->progress(report->context, &progress);
  pthread_mutex_unlock(&report->lock);
}
