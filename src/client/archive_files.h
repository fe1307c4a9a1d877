/* The files of an archive, as blobs of the daemon. */
#ifndef CTD_CLIENT_ARCHIVE_FILES_H
#define CTD_CLIENT_ARCHIVE_FILES_H

#include "client/archive_reader.h"

struct ctd_archive_file {
  char *path;
  char *link; /* of a symbolic link: where it points to; the rest is of a file */
  char *digest;
  int64_t size;
  bool compressed; /* it begins as gzip or zstd do */
};

/* A zeroed struct has no files. */
struct ctd_archive_files {
  struct ctd_archive_file *items;
  size_t count;
  struct ctd_buffer layout, manifest; /* oci-layout and manifest.json, which don't become blobs; empty: not there */
};

/*
 * Makes blobs of all files, each ingested as "tar-<path>", under the client's lease. A file blobs/sha256/<hex> has to
 * have that digest (else CTD_DIGEST_MISMATCH), and isn't written if the daemon has it. The caller frees *out, also
 * after a failure, which leaves no ingest.
 */
int ctd_archive_files_ingest(struct ctd_archive_files *out, struct ctd_client *client, const struct ctd_source *source,
                             struct ctd_scope *scope, struct ctd_error *err);
void ctd_archive_files_free(struct ctd_archive_files *files);

/* The file of this path, symbolic links followed; the last of several. NULL: there is none. */
const struct ctd_archive_file *ctd_archive_files_find(const struct ctd_archive_files *files, const char *path);

#endif
