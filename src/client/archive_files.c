#include "client/archive_files.h"
#include <stdlib.h>
#include <string.h>

#define JSON_LIMIT ((size_t)20 << 20)
#define LINK_LIMIT 16 /* symbolic links to symbolic links */

void ctd_archive_files_free(struct ctd_archive_files *files) {
  for (size_t i = 0; i < files->count; i++) {
    free(files->items[i].path);
    free(files->items[i].link);
    free(files->items[i].digest);
  }
  free(files->items);
  ctd_buffer_free(&files->layout);
  ctd_buffer_free(&files->manifest);
  memset(files, 0, sizeof *files);
}

static const struct ctd_archive_file *file_at(const struct ctd_archive_files *files, const char *path) {
  for (size_t i = files->count; i-- > 0;)
    if (!strcmp(files->items[i].path, path))
      return &files->items[i];
  return NULL;
}

const struct ctd_archive_file *ctd_archive_files_find(const struct ctd_archive_files *files, const char *path) {
  const struct ctd_archive_file *file = file_at(files, path);
  for (int i = 0; file && file->link; i++)
    file = i < LINK_LIMIT ? file_at(files, file->link) : NULL;
  return file;
}

/* NULL: memory is short. */
static struct ctd_archive_file *file_add(struct ctd_archive_files *files, const struct ctd_archive_entry *entry,
                                         struct ctd_error *err) {
  struct ctd_archive_file file = {.size = entry->size};
  struct ctd_archive_file *items = realloc(files->items, (files->count + 1) * sizeof *items);
  if (!items) {
    ctd_error_nomem(err);
    return NULL;
  }
  files->items = items;
  if (ctd_copy_string(&file.path, entry->path, err) || ctd_copy_string(&file.link, entry->link, err)) {
    free(file.path);
    return NULL;
  }
  items[files->count] = file;
  return &items[files->count++];
}

/* Looks at the first bytes as they pass. */
struct peek {
  struct ctd_source source;
  unsigned char magic[4];
  size_t count;
};

static int peek_read(void *context, void *buffer, size_t size, size_t *got, struct ctd_scope *scope,
                     struct ctd_error *err) {
  struct peek *peek = context;
  if (peek->source.read(peek->source.context, buffer, size, got, scope, err))
    return -1;
  for (size_t i = 0; i < *got && peek->count < sizeof peek->magic; i++)
    peek->magic[peek->count++] = ((unsigned char *)buffer)[i];
  return 0;
}

static bool is_compressed(const struct peek *peek) {
  static const unsigned char gzip[] = {0x1f, 0x8b, 0x08}, zstd[] = {0x28, 0xb5, 0x2f, 0xfd};
  return !memcmp(peek->magic, gzip, sizeof gzip) || !memcmp(peek->magic, zstd, sizeof zstd);
}

/* What the file's path says that its digest is; else `out` is "". */
static void path_digest(const char *path, char out[CTD_DIGEST_SIZE]) {
  static const char folder[] = "blobs/sha256/";
  *out = '\0';
  if (strncmp(path, folder, sizeof folder - 1) != 0 || strlen(path) != sizeof folder - 1 + 64)
    return;
  snprintf(out, CTD_DIGEST_SIZE, "sha256:%s", path + sizeof folder - 1);
  if (!ctd_digest_valid(out))
    *out = '\0';
}

static int file_ingest(struct ctd_archive_file *file, struct ctd_client *client, struct ctd_archive_reader *reader,
                       struct ctd_scope *scope, struct ctd_error *err) {
  char digest[CTD_DIGEST_SIZE];
  struct peek peek = {.source = ctd_archive_reader_source(reader)};
  const struct ctd_source source = {peek_read, &peek};
  int64_t size;
  char *ref = ctd_format(err, "tar-%s", file->path);
  if (!ref)
    return -1;
  path_digest(file->path, digest);
  const struct ctd_ingest_options options = {
      .ref = ref, .digest = *digest ? digest : NULL, .size = file->size, .anew = true};
  int result = ctd_content_ingest(client, &options, &source, scope, &file->digest, &size, err);
  if (!result && size != file->size)
    result = ctd_error_set(err, CTD_INVALID_ARGUMENT, "%s has %lld bytes instead of %lld", file->path, (long long)size,
                           (long long)file->size);
  file->compressed = is_compressed(&peek);
  free(ref);
  return result;
}

static int entry_take(struct ctd_archive_files *files, const struct ctd_archive_entry *entry, struct ctd_client *client,
                      struct ctd_archive_reader *reader, struct ctd_scope *scope, struct ctd_error *err) {
  bool layout = !strcmp(entry->path, "oci-layout");
  if (!entry->link && (layout || !strcmp(entry->path, "manifest.json"))) {
    struct ctd_buffer *text = layout ? &files->layout : &files->manifest;
    ctd_buffer_free(text);
    return ctd_archive_reader_slurp(reader, JSON_LIMIT, text, err);
  }
  struct ctd_archive_file *file = file_add(files, entry, err);
  if (!file)
    return -1;
  return file->link ? 0 : file_ingest(file, client, reader, scope, err);
}

int ctd_archive_files_ingest(struct ctd_archive_files *out, struct ctd_client *client, const struct ctd_source *source,
                             struct ctd_scope *scope, struct ctd_error *err) {
  struct ctd_archive_reader *reader;
  struct ctd_archive_entry entry;
  memset(out, 0, sizeof *out);
  if (ctd_archive_reader_open(&reader, source, scope, err))
    return -1;
  int result;
  do {
    result = ctd_archive_reader_next(reader, &entry, err);
    if (!result && entry.path)
      result = entry_take(out, &entry, client, reader, scope, err);
  } while (!result && entry.path);
  ctd_archive_reader_close(reader);
  return result;
}
