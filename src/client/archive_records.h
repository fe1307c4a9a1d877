/* The records of the images that an archive has, which are made all or none. */
#ifndef CTD_CLIENT_ARCHIVE_RECORDS_H
#define CTD_CLIENT_ARCHIVE_RECORDS_H

#include "client/image.h"

struct ctd_archive_record {
  char *name;
  const struct ctd_descriptor *target; /* borrowed */
  struct ctd_image *before;            /* what had the name; NULL: nothing */
};

/* A zeroed struct is empty. */
struct ctd_archive_records {
  struct ctd_archive_record *items;
  size_t count;
};

/* Takes over the name, also after a failure. Of several targets of a name the last counts. */
int ctd_archive_records_add(struct ctd_archive_records *records, char *name, const struct ctd_descriptor *target,
                            struct ctd_error *err);

/*
 * Creates the records, or updates target and, if there are some, labels of those that exist. After a failure all are
 * again what they were. The caller frees *out.
 */
int ctd_archive_records_put(struct ctd_archive_records *records, struct ctd_client *client,
                            const struct ctd_labels *labels, struct ctd_scope *scope, struct ctd_images *out,
                            struct ctd_error *err);
void ctd_archive_records_free(struct ctd_archive_records *records);

#endif
