#include "client/pull_report.h"

static const char *const state_names[] = {
    [CTD_PROGRESS_WAITING] = "waiting",     [CTD_PROGRESS_DOWNLOADING] = "downloading",
    [CTD_PROGRESS_EXISTS] = "exists",       [CTD_PROGRESS_DOWNLOADED] = "downloaded",
    [CTD_PROGRESS_UNPACKING] = "unpacking", [CTD_PROGRESS_UNPACKED] = "unpacked",
    [CTD_PROGRESS_UPLOADING] = "uploading", [CTD_PROGRESS_MOUNTED] = "mounted",
    [CTD_PROGRESS_UPLOADED] = "uploaded",
};

const char *ctd_progress_state_name(enum ctd_progress_state state) {
  return state_names[state];
}

void ctd_pull_report_init(struct ctd_pull_report *report, const struct ctd_progress_listener *listener) {
  pthread_mutex_init(&report->lock, NULL);
  report->listener = *listener;
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
  if (!report->listener.tell)
    return;
  pthread_mutex_lock(&report->lock);
  report->listener.tell(report->listener.context, &progress);
  pthread_mutex_unlock(&report->lock);
}
