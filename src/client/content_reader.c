#include "client/content_reader.h"
#include "client/await.h"
#include "client/content.h"
#include "content.pb-c.h"
#include "rpc/stream.h"
#include <stdlib.h>

typedef Containerd__Services__Content__V1__ReadContentRequest ReadRequest;

#define DATA_FIELD 2 /* ReadContentResponse.data */

struct ctd_content_reader {
  atomic_int references;
  struct ctd_client *client;
  char *digest;
  int64_t size, position;
  struct ctd_scope scope;    /* of the stream, which outlives those of the single reads */
  struct ctd_stream *stream; /* NULL: none is open from `position` on */
};

int ctd_content_reader_open(struct ctd_content_reader **out, struct ctd_client *client, const char *digest,
                            struct ctd_scope *scope, struct ctd_error *err) {
  struct ctd_content_info info;
  *out = NULL;
  if (ctd_content_info(client, digest, scope, &info, err))
    return ctd_client_failed(client, err, "reader", "%s", digest);
  struct ctd_content_reader *reader = calloc(1, sizeof *reader);
  if (!reader) {
    ctd_content_info_free(&info);
    return ctd_error_nomem(err);
  }
  atomic_init(&reader->references, 1);
  ctd_scope_init(&reader->scope, INFINITY);
  reader->client = ctd_client_ref(client);
  reader->size = info.size;
  reader->digest = info.digest;
  info.digest = NULL;
  ctd_content_info_free(&info);
  *out = reader;
  return 0;
}

struct ctd_content_reader *ctd_content_reader_ref(struct ctd_content_reader *reader) {
  atomic_fetch_add(&reader->references, 1);
  return reader;
}

void ctd_content_reader_unref(struct ctd_content_reader *reader) {
  if (!reader || atomic_fetch_sub(&reader->references, 1) > 1)
    return;
  ctd_stream_free(reader->stream);
  ctd_client_unref(reader->client);
  free(reader->digest);
  free(reader);
}

struct ctd_client *ctd_content_reader_client(const struct ctd_content_reader *reader) {
  return reader->client;
}

const char *ctd_content_reader_digest(const struct ctd_content_reader *reader) {
  return reader->digest;
}

int64_t ctd_content_reader_size(const struct ctd_content_reader *reader) {
  return reader->size;
}

int64_t ctd_content_reader_position(const struct ctd_content_reader *reader) {
  return reader->position;
}

static void reader_stop(struct ctd_content_reader *reader) {
  ctd_stream_free(reader->stream);
  reader->stream = NULL;
}

void ctd_content_reader_seek(struct ctd_content_reader *reader, int64_t position) {
  reader_stop(reader);
  reader->position = position;
}

static int reader_start(struct ctd_content_reader *reader, struct ctd_error *err) {
  ReadRequest request = CONTAINERD__SERVICES__CONTENT__V1__READ_CONTENT_REQUEST__INIT;
  request.digest = reader->digest;
  request.offset = reader->position;
  return ctd_stream_request(&reader->stream, ctd_client_target(reader->client),
                            "/containerd.services.content.v1.Content/Read", &request.base,
                            &containerd__services__content__v1__read_content_response__descriptor, &reader->scope, err);
}

static int reader_receive(struct ctd_content_reader *reader, struct ctd_buffer *out, struct ctd_error *err) {
  size_t before = out->size;
  bool ended;
  if (ctd_stream_receive_data(reader->stream, DATA_FIELD, out, &ended, err))
    return -1;
  if (ended)
    return ctd_error_set(err, CTD_DATA_LOSS, "the daemon ended the read at %lld of %lld bytes",
                         (long long)reader->position, (long long)reader->size);
  reader->position += (int64_t)(out->size - before);
  return 0;
}

int ctd_content_reader_read(struct ctd_content_reader *reader, struct ctd_buffer *out, bool *ended,
                            struct ctd_scope *scope, struct ctd_error *err) {
  *ended = reader->position >= reader->size;
  if (*ended) {
    reader_stop(reader);
    return 0;
  }
  int result = reader->stream ? 0 : ctd_scope_may_wait(scope, err);
  if (result)
    return result;
  if (!reader->stream && reader_start(reader, err))
    return -1;
  result = ctd_await_answer(reader->stream, scope, err);
  if (result)
    return result;
  if (!reader_receive(reader, out, err))
    return 0;
  reader_stop(reader);
  return -1;
}

bool ctd_content_reader_watch(struct ctd_content_reader *reader, void (*notify)(void *), void *context) {
  return ctd_await_watch(reader->stream, notify, context);
}
