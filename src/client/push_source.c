#include "client/push_source.h"
#include "base/sha256.h"
#include "content.pb-c.h"
#include "rpc/stream.h"
#include <stdlib.h>
#include <string.h>

typedef Containerd__Services__Content__V1__ReadContentRequest ReadRequest;
typedef Containerd__Services__Content__V1__ReadContentResponse ReadResponse;

struct ctd_push_source {
  struct ctd_client *client;
  const struct ctd_descriptor *descriptor;
  struct ctd_scope *scope;
  struct ctd_stream *stream;
  ReadResponse *message; /* being given out */
  size_t used;           /* bytes of it */
  int64_t position;      /* of the stream's next byte in the blob */
  struct ctd_sha256 *sha;
  int64_t hashed; /* bytes from the beginning */
};

static void source_close(struct ctd_push_source *source) {
  if (source->message)
    protobuf_c_message_free_unpacked(&source->message->base, NULL);
  source->message = NULL;
  ctd_stream_free(source->stream);
  source->stream = NULL;
}

void ctd_push_source_free(struct ctd_push_source *source) {
  if (!source)
    return;
  source_close(source);
  ctd_sha256_free(source->sha);
  free(source);
}

int ctd_push_source_open(struct ctd_push_source **out, struct ctd_client *client,
                         const struct ctd_descriptor *descriptor, struct ctd_scope *scope, struct ctd_error *err) {
  struct ctd_push_source *source = *out = calloc(1, sizeof *source);
  if (!source)
    return ctd_error_nomem(err);
  source->client = client;
  source->descriptor = descriptor;
  source->scope = scope;
  if (!ctd_sha256_new(&source->sha, err))
    return 0;
  ctd_push_source_free(source);
  *out = NULL;
  return -1;
}

static int source_seek(struct ctd_push_source *source, int64_t offset, struct ctd_error *err) {
  ReadRequest request = CONTAINERD__SERVICES__CONTENT__V1__READ_CONTENT_REQUEST__INIT;
  if (source->stream && source->position == offset)
    return 0;
  source_close(source);
  if (offset > source->hashed)
    return ctd_error_set(err, CTD_OUT_OF_RANGE, "byte %lld before byte %lld", (long long)offset,
                         (long long)source->hashed);
  request.digest = source->descriptor->digest;
  request.offset = offset;
  source->position = offset;
  return ctd_stream_request(&source->stream, ctd_client_target(source->client),
                            "/containerd.services.content.v1.Content/Read", &request.base,
                            &containerd__services__content__v1__read_content_response__descriptor, source->scope, err);
}

/* Makes sure that the message has bytes left. */
static int source_fill(struct ctd_push_source *source, struct ctd_error *err) {
  while (!source->message || source->used == source->message->data.len) {
    if (source->message)
      protobuf_c_message_free_unpacked(&source->message->base, NULL);
    source->message = NULL;
    source->used = 0;
    if (ctd_stream_receive(source->stream, (ProtobufCMessage **)&source->message, err))
      return -1;
    if (!source->message)
      return ctd_error_set(err, CTD_DATA_LOSS, "it has %lld of %lld bytes in the daemon", (long long)source->position,
                           (long long)source->descriptor->size);
  }
  return 0;
}

static int source_verify(struct ctd_push_source *source, struct ctd_error *err) {
  char actual[CTD_DIGEST_SIZE];
  const char *digest = source->descriptor->digest;
  if (ctd_sha256_digest(source->sha, actual, err))
    return -1;
  if (strncmp(digest, "sha256:", 7) != 0 || !strcmp(digest, actual))
    return 0; /* the registry knows the other algorithms */
  return ctd_error_set(err, CTD_DIGEST_MISMATCH, "its bytes in the daemon have digest %s", actual);
}

/* What is read again isn't hashed again. */
static int source_hash(struct ctd_push_source *source, const char *data, size_t size, struct ctd_error *err) {
  int64_t known = source->hashed - source->position;
  if (known >= (int64_t)size)
    return 0;
  if (ctd_sha256_update(source->sha, data + known, size - (size_t)known, err))
    return -1;
  source->hashed = source->position + (int64_t)size;
  return source->hashed == source->descriptor->size ? source_verify(source, err) : 0;
}

int ctd_push_source_read(void *context, int64_t offset, void *data, size_t size, size_t *got, struct ctd_error *err) {
  struct ctd_push_source *source = context;
  if (source_seek(source, offset, err) || source_fill(source, err))
    return ctd_error_prefix(err, "read %s", source->descriptor->digest);
  size_t left = source->message->data.len - source->used;
  *got = left < size ? left : size;
  memcpy(data, source->message->data.data + source->used, *got);
  if (source_hash(source, data, *got, err))
    return ctd_error_prefix(err, "read %s", source->descriptor->digest);
  source->used += *got;
  source->position += (int64_t)*got;
  return 0;
}
