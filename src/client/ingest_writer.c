#include "client/ingest_writer.h"
#include "client/unique.h"
#include <stdlib.h>
#include <string.h>

/* How long the daemon may take to let go of a ref, in seconds. */
#define CLOSE_TIMEOUT 1.0

struct ctd_ingest_writer {
  atomic_int references;
  atomic_flag busy;
  struct ctd_client *client;
  char *ref;
  struct ctd_labels labels;
  struct ctd_scope scope; /* of the content writer; during an operation it is inside the operation's */
  struct ctd_content_writer *content;
  bool committed;
};

struct ctd_ingest_writer *ctd_ingest_writer_ref(struct ctd_ingest_writer *writer) {
  atomic_fetch_add(&writer->references, 1);
  return writer;
}

void ctd_ingest_writer_unref(struct ctd_ingest_writer *writer) {
  if (!writer || atomic_fetch_sub(&writer->references, 1) > 1)
    return;
  writer->scope.deadline = ctd_now_monotonic() + CLOSE_TIMEOUT;
  ctd_content_close(writer->content);
  ctd_client_unref(writer->client);
  ctd_labels_free(&writer->labels);
  free(writer->ref);
  free(writer);
}

const char *ctd_ingest_writer_ref_name(const struct ctd_ingest_writer *writer) {
  return writer->ref;
}

static void scope_enter(struct ctd_ingest_writer *writer, struct ctd_scope *scope) {
  writer->scope.parent = scope;
  writer->scope.deadline = scope->deadline;
}

static void scope_leave(struct ctd_ingest_writer *writer) {
  writer->scope.parent = NULL;
  writer->scope.deadline = INFINITY;
}

int ctd_ingest_ref(const struct ctd_ingest_options *options, char **out, struct ctd_error *err) {
  char unique[CTD_UNIQUE_SIZE];
  if (options->ref)
    return ctd_copy_string(out, options->ref, err);
  ctd_unique(unique);
  *out = ctd_format(err, "ingest-%s", options->digest ? options->digest : unique);
  return *out ? 0 : -1;
}

static int writer_open(struct ctd_ingest_writer *writer, const struct ctd_ingest_options *options,
                       struct ctd_error *err) {
  int64_t offset;
  if (ctd_ingest_ref(options, &writer->ref, err) || ctd_labels_copy(&writer->labels, &options->labels, err) ||
      ctd_content_open(writer->client, writer->ref, options->digest, options->size, &writer->scope, &writer->content,
                       &offset, err))
    return -1;
  return writer->content ? 0 : ctd_error_set(err, CTD_ALREADY_EXISTS, "%s is there already", options->digest);
}

int ctd_ingest_writer_open(struct ctd_ingest_writer **out, struct ctd_client *client,
                           const struct ctd_ingest_options *options, struct ctd_scope *scope, struct ctd_error *err) {
  *out = NULL;
  struct ctd_ingest_writer *writer = calloc(1, sizeof *writer);
  if (!writer)
    return ctd_error_nomem(err);
  atomic_init(&writer->references, 1);
  atomic_flag_clear(&writer->busy);
  writer->client = ctd_client_ref(client);
  ctd_scope_init(&writer->scope, INFINITY);
  scope_enter(writer, scope);
  int result = writer_open(writer, options, err);
  scope_leave(writer);
  if (!result) {
    *out = writer;
    return 0;
  }
  ctd_client_failed(client, err, "write", "ingest %s", writer->ref ? writer->ref : "");
  ctd_ingest_writer_unref(writer);
  return -1;
}

static int writer_failed(const struct ctd_ingest_writer *writer, const char *op, struct ctd_error *err) {
  return ctd_client_failed(writer->client, err, op, "ingest %s", writer->ref);
}

/* Whoever got 0 ends the operation with writer_end. */
static int writer_begin(struct ctd_ingest_writer *writer, struct ctd_scope *scope, struct ctd_error *err) {
  if (atomic_flag_test_and_set(&writer->busy))
    return ctd_error_set(err, CTD_FAILED_PRECONDITION, "another operation is under way");
  scope_enter(writer, scope);
  if (!writer->committed)
    return 0;
  scope_leave(writer);
  atomic_flag_clear(&writer->busy);
  return ctd_error_set(err, CTD_FAILED_PRECONDITION, "the writer has committed");
}

static void writer_end(struct ctd_ingest_writer *writer) {
  scope_leave(writer);
  atomic_flag_clear(&writer->busy);
}

int ctd_ingest_writer_write(struct ctd_ingest_writer *writer, const void *data, size_t size, struct ctd_scope *scope,
                            struct ctd_error *err) {
  if (writer_begin(writer, scope, err))
    return writer_failed(writer, "write", err);
  int result = ctd_content_write(writer->content, data, size, err);
  if (!result)
    result = ctd_content_flush(writer->content, err);
  writer_end(writer);
  return result ? writer_failed(writer, "write", err) : 0;
}

int ctd_ingest_writer_status(struct ctd_ingest_writer *writer, struct ctd_scope *scope, struct ctd_ingest *out,
                             struct ctd_error *err) {
  if (writer_begin(writer, scope, err))
    return writer_failed(writer, "status", err);
  int result = ctd_content_status(writer->content, out, err);
  writer_end(writer);
  return result ? writer_failed(writer, "status", err) : 0;
}

int ctd_ingest_writer_truncate(struct ctd_ingest_writer *writer, struct ctd_error *err) {
  struct ctd_scope scope;
  ctd_scope_init(&scope, INFINITY);
  if (writer_begin(writer, &scope, err))
    return writer_failed(writer, "truncate", err);
  ctd_content_truncate(writer->content);
  writer_end(writer);
  return 0;
}

static int writer_commit(struct ctd_ingest_writer *writer, const struct ctd_ingest_options *options, char **digest,
                         int64_t *size, struct ctd_error *err) {
  if (ctd_labels_copy(&writer->labels, &options->labels, err) ||
      ctd_content_expect(writer->content, options->digest, options->size, err))
    return -1;
  writer->committed = true;
  return ctd_content_commit_new(writer->content, &writer->labels, digest, size, err);
}

int ctd_ingest_writer_commit(struct ctd_ingest_writer *writer, const struct ctd_ingest_options *options,
                             struct ctd_scope *scope, char **digest, int64_t *size, struct ctd_error *err) {
  if (writer_begin(writer, scope, err))
    return writer_failed(writer, "commit", err);
  int result = writer_commit(writer, options, digest, size, err);
  writer_end(writer);
  return result ? writer_failed(writer, "commit", err) : 0;
}
