#include "client/content_ingest.h"
#include "client/lease_resource.h"
#include <stdlib.h>
#include <string.h>

#define CHUNK ((size_t)256 << 10)

/* How long removing a failed ingest may take, in seconds. */
#define ABORT_TIMEOUT 5.0

struct copy {
  struct ctd_content_writer *writer;
  struct ctd_sha256 *sha; /* NULL: the digest is known */
  int64_t skip;           /* bytes that the daemon has already */
  int64_t size;           /* bytes read */
  char *buffer;
};

/* Writes what came from the source, but for what the daemon has. */
static int copy_write(struct copy *copy, size_t size, struct ctd_error *err) {
  size_t skipped = copy->skip < (int64_t)size ? (size_t)copy->skip : size;
  if (copy->sha && ctd_sha256_update(copy->sha, copy->buffer, size, err))
    return -1;
  copy->skip -= (int64_t)skipped;
  copy->size += (int64_t)size;
  return ctd_content_write(copy->writer, copy->buffer + skipped, size - skipped, err);
}

static int copy_all(struct copy *copy, const struct ctd_source *source, struct ctd_scope *scope,
                    struct ctd_error *err) {
  size_t got;
  do {
    if (ctd_scope_check(scope, err) || source->read(source->context, copy->buffer, CHUNK, &got, scope, err) ||
        copy_write(copy, got, err))
      return -1;
  } while (got);
  if (!copy->skip)
    return 0;
  return ctd_error_set(err, CTD_DIGEST_MISMATCH, "the reader ended after %lld bytes, the ingest has %lld already",
                       (long long)copy->size, (long long)copy->size + (long long)copy->skip);
}

int ctd_content_keep(struct ctd_client *client, const char *digest, struct ctd_scope *scope, struct ctd_error *err) {
  struct ctd_lease_resource blob = {"content", digest};
  const char *lease = ctd_client_lease(client);
  return lease ? ctd_lease_add(client, lease, &blob, scope, err) : 0;
}

/* A computed digest may be that of a blob which is about to be collected: it's kept before it's committed. */
static int copy_commit(struct copy *copy, struct ctd_client *client, const struct ctd_ingest_options *options,
                       struct ctd_scope *scope, char **digest, struct ctd_error *err) {
  char computed[CTD_DIGEST_SIZE];
  const char *expected = options->digest;
  if (copy->sha) {
    if (ctd_sha256_digest(copy->sha, computed, err) || ctd_content_keep(client, computed, scope, err))
      return -1;
    expected = computed;
  }
  if (ctd_copy_string(digest, expected, err))
    return -1;
  return ctd_content_expect(copy->writer, expected, 0, err) || ctd_content_commit(copy->writer, &options->labels, err)
             ? -1
             : 0;
}

static int ingest_copy(struct copy *copy, struct ctd_client *client, const struct ctd_ingest_options *options,
                       const struct ctd_source *source, struct ctd_scope *scope, char **digest, struct ctd_error *err) {
  copy->buffer = malloc(CHUNK);
  if (!copy->buffer)
    return ctd_error_nomem(err);
  if ((!options->digest && ctd_sha256_new(&copy->sha, err)) || copy_all(copy, source, scope, err))
    return -1;
  return copy_commit(copy, client, options, scope, digest, err);
}

/* The blob is there: it gets the labels. */
static int ingest_found(struct ctd_client *client, const struct ctd_ingest_options *options, struct ctd_scope *scope,
                        char **digest, int64_t *size, struct ctd_error *err) {
  struct ctd_content_info info;
  if (ctd_content_keep(client, options->digest, scope, err) ||
      ctd_content_label(client, options->digest, &options->labels, scope, err) ||
      ctd_content_info(client, options->digest, scope, &info, err))
    return -1;
  *size = info.size;
  *digest = info.digest;
  info.digest = NULL;
  ctd_content_info_free(&info);
  return 0;
}

/* A daemon that hasn't noticed yet that a write was broken off may still write to what is to be removed. */
static void ingest_drop(struct ctd_client *client, const char *ref) {
  struct ctd_scope scope;
  struct ctd_error ignored = {0};
  ctd_scope_init(&scope, ABORT_TIMEOUT);
  while (ctd_ingest_abort(client, ref, &scope, &ignored) && ignored.code == CTD_UNKNOWN) {
    ctd_error_clear(&ignored);
    if (ctd_scope_sleep(&scope, 0.02, &ignored))
      break;
  }
  ctd_error_clear(&ignored);
}

static int ingest(struct ctd_client *client, const char *ref, const struct ctd_ingest_options *options,
                  const struct ctd_source *source, struct ctd_scope *scope, char **digest, int64_t *size,
                  struct ctd_error *err) {
  struct copy copy = {0};
  if (ctd_content_open(client, ref, options->digest, options->size, scope, &copy.writer, &copy.skip, err))
    return -1;
  if (!copy.writer)
    return ingest_found(client, options, scope, digest, size, err);
  if (options->anew && !options->digest) {
    ctd_content_truncate(copy.writer);
    copy.skip = 0;
  }
  int result = ingest_copy(&copy, client, options, source, scope, digest, err);
  *size = copy.size;
  ctd_content_close(copy.writer);
  ctd_sha256_free(copy.sha);
  free(copy.buffer);
  if (result && (err->code == CTD_DIGEST_MISMATCH || options->anew || (!options->ref && !options->digest)))
    ingest_drop(client, ref);
  return result;
}

int ctd_content_ingest(struct ctd_client *client, const struct ctd_ingest_options *options,
                       const struct ctd_source *source, struct ctd_scope *scope, char **digest, int64_t *size,
                       struct ctd_error *err) {
  char *ref = NULL;
  *digest = NULL;
  if (ctd_ingest_ref(options, &ref, err))
    return -1;
  int result = ingest(client, ref, options, source, scope, digest, size, err);
  if (result) {
    free(*digest);
    *digest = NULL;
    ctd_client_failed(client, err, "ingest", "%s", ref);
  }
  free(ref);
  return result;
}
