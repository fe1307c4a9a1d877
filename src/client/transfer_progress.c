#include "client/transfer_progress.h"
#include "base/buffer.h"
#include "transfer_types.pb-c.h"
#include <stdlib.h>
#include <string.h>

typedef Containerd__Types__Transfer__Progress Progress;

/* The daemon's words for what happens to a blob. */
static const struct {
  const char *event;
  enum ctd_progress_state pulling, pushing;
} states[] = {
    {"waiting", CTD_PROGRESS_WAITING, CTD_PROGRESS_WAITING},
    {"downloading", CTD_PROGRESS_DOWNLOADING, CTD_PROGRESS_DOWNLOADING},
    {"uploading", CTD_PROGRESS_UPLOADING, CTD_PROGRESS_UPLOADING},
    {"already exists", CTD_PROGRESS_EXISTS, CTD_PROGRESS_EXISTS},
    {"complete", CTD_PROGRESS_DOWNLOADED, CTD_PROGRESS_UPLOADED},
    {"extracting", CTD_PROGRESS_UNPACKING, CTD_PROGRESS_UNPACKING},
    {"extracted", CTD_PROGRESS_UNPACKED, CTD_PROGRESS_UNPACKED},
};

/* Before 2.x there is but the name of what is fetched: "layer-sha256:…". */
static const char *progress_digest(const Progress *progress) {
  const char *dash = strchr(progress->name, '-');
  if (progress->desc && *progress->desc->digest)
    return progress->desc->digest;
  return dash && strchr(dash, ':') ? dash + 1 : NULL;
}

static void blob_tell(const struct ctd_transfer_progress *progress, const Progress *message) {
  const char *digest = progress_digest(message);
  for (size_t i = 0; digest && i < sizeof states / sizeof *states; i++) {
    if (strcmp(message->event, states[i].event) != 0)
      continue;
    struct ctd_progress step = {
        .digest = digest,
        .media_type = message->desc ? message->desc->media_type : NULL,
        .size = message->total,
        .offset = message->progress,
        .state = progress->pushes ? states[i].pushing : states[i].pulling,
    };
    progress->listener.tell(progress->listener.context, &step);
  }
}

static int saved_add(struct ctd_transfer_progress *progress, const char *name, struct ctd_error *err) {
  char **saved = realloc(progress->saved, (progress->saved_count + 1) * sizeof *saved);
  if (!saved)
    return ctd_error_nomem(err);
  progress->saved = saved;
  if (ctd_copy_string(&saved[progress->saved_count], name, err))
    return -1;
  progress->saved_count++;
  return 0;
}

static int progress_take(struct ctd_transfer_progress *progress, const Progress *message, struct ctd_error *err) {
  if (!strcmp(message->event, "saved"))
    return saved_add(progress, message->name, err);
  if (progress->listener.tell)
    blob_tell(progress, message);
  return 0;
}

int ctd_transfer_progress_read(struct ctd_transfer_progress *progress, struct ctd_streaming *streaming,
                               struct ctd_error *err) {
  for (;;) {
    Progress *message;
    if (ctd_streaming_receive(streaming, &containerd__types__transfer__progress__descriptor,
                              (ProtobufCMessage **)&message, err))
      return -1;
    if (!message)
      return 0;
    int result = progress_take(progress, message, err);
    protobuf_c_message_free_unpacked(&message->base, NULL);
    if (result)
      return -1;
  }
}

void ctd_transfer_progress_free(struct ctd_transfer_progress *progress) {
  for (size_t i = 0; i < progress->saved_count; i++)
    free(progress->saved[i]);
  free(progress->saved);
}
