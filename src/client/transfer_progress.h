/* What the daemon tells of a transfer while it is under way. */
#ifndef CTD_CLIENT_TRANSFER_PROGRESS_H
#define CTD_CLIENT_TRANSFER_PROGRESS_H

#include "client/pull.h"
#include "client/streaming.h"

struct ctd_transfer_progress {
  struct ctd_progress_listener listener;
  bool pushes;  /* what is complete was uploaded */
  char **saved; /* owned: names that came to be in the image store */
  size_t saved_count;
};

/* Reads to the stream's end, tells the listener and notes the names. The caller frees what is noted. */
int ctd_transfer_progress_read(struct ctd_transfer_progress *progress, struct ctd_streaming *streaming,
                               struct ctd_error *err);

void ctd_transfer_progress_free(struct ctd_transfer_progress *progress);

#endif
