#include "base/buffer.h"
#include "client/any.h"
#include "client/content.h"
#include "client/ingest.h"
#include "content.pb-c.h"
#include "rpc/runtime.h"
#include "rpc/stream.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK ((size_t)256 << 10)
#define WINDOW 4         /* how many messages travel ahead of the daemon's answers */
#define DATA_FIELD 6     /* WriteContentRequest.data */
#define SHORT_WAIT 0.005 /* seconds between looks at a ref that another client writes; doubled each time up to */
#define LONG_WAIT 1.0

#define WRITE_METHOD "/containerd.services.content.v1.Content/Write"

typedef Containerd__Services__Content__V1__WriteContentRequest WriteRequest;
typedef Containerd__Services__Content__V1__WriteContentResponse WriteResponse;

static const ProtobufCMessageDescriptor *const response_type =
    &containerd__services__content__v1__write_content_response__descriptor;

struct ctd_content_writer {
  struct ctd_client *client;
  struct ctd_scope *scope;
  struct ctd_stream *stream;
  char *ref, *digest;
  int64_t size, offset; /* offset: where the next message goes */
  char *chunk;          /* of the next message's bytes `fill` are there; made when first needed */
  size_t fill;
  int unanswered;
};

/* After a failure: sleeps and returns 0 if it was that another client is writing the ref. */
static int ref_wait(struct ctd_scope *scope, double *wait, struct ctd_error *err) {
  if (err->code != CTD_UNAVAILABLE || !strstr(err->message, "locked"))
    return -1;
  ctd_error_clear(err);
  *wait = fmin(fmax(*wait * 2, SHORT_WAIT), LONG_WAIT);
  return ctd_scope_sleep(scope, *wait, err);
}

/* The daemon answers a commit twice. */
static int stream_drain(struct ctd_stream *stream, struct ctd_error *err) {
  ProtobufCMessage *reply;
  do {
    if (ctd_stream_receive(stream, &reply, err))
      return -1;
    if (reply)
      protobuf_c_message_free_unpacked(reply, NULL);
  } while (reply);
  return 0;
}

/* What a failed commit of `digest` means; 0 if the blob is there nevertheless. */
static int commit_failed(struct ctd_client *client, const char *ref, const char *digest,
                         const struct ctd_labels *labels, struct ctd_scope *scope, struct ctd_error *err) {
  struct ctd_error ignored = {0};
  if (err->code == CTD_ALREADY_EXISTS) {
    ctd_error_clear(err);
    return ctd_content_label(client, digest, labels, scope, err);
  }
  if (err->code == CTD_FAILED_PRECONDITION && (strstr(err->message, "digest") || strstr(err->message, "size"))) {
    ctd_ingest_abort(client, ref, scope, &ignored);
    ctd_error_clear(&ignored);
    err->code = CTD_DIGEST_MISMATCH;
  }
  return ctd_error_prefix(err, "write %s", digest);
}

static int put_send(struct ctd_client *client, const WriteRequest *request, struct ctd_scope *scope,
                    struct ctd_error *err) {
  struct ctd_stream *stream;
  if (ctd_stream_open(&stream, ctd_client_target(client), WRITE_METHOD, response_type, scope, err))
    return -1;
  int result = ctd_stream_send(stream, &request->base, err);
  if (!result)
    result = stream_drain(stream, err);
  ctd_stream_free(stream);
  return result;
}

int ctd_content_put(struct ctd_client *client, const char *ref, const char *digest, const void *data, size_t size,
                    const struct ctd_labels *labels, struct ctd_scope *scope, struct ctd_error *err) {
  WriteRequest request = CONTAINERD__SERVICES__CONTENT__V1__WRITE_CONTENT_REQUEST__INIT;
  double wait = 0;
  int result;
  request.action = CONTAINERD__SERVICES__CONTENT__V1__WRITE_ACTION__COMMIT;
  request.ref = (char *)ref;
  request.expected = (char *)digest;
  request.total = (int64_t)size;
  request.data = (ProtobufCBinaryData){size, (uint8_t *)data};
  if (ctd_map_from_labels(labels, &containerd__services__content__v1__write_content_request__labels_entry__descriptor,
                          &request.labels, &request.n_labels, err))
    return -1;
  do
    result = put_send(client, &request, scope, err);
  while (result && !ref_wait(scope, &wait, err));
  free(request.labels);
  return result ? commit_failed(client, ref, digest, labels, scope, err) : 0;
}

static const char *writer_name(const struct ctd_content_writer *writer) {
  return writer->digest ? writer->digest : writer->ref;
}

/* The caller frees the answer. */
static int writer_receive(struct ctd_content_writer *writer, WriteResponse **reply, struct ctd_error *err) {
  if (ctd_stream_receive(writer->stream, (ProtobufCMessage **)reply, err))
    return -1;
  return *reply ? 0 : ctd_error_set(err, CTD_ABORTED, "the daemon ended the write early");
}

static int writer_answer(struct ctd_content_writer *writer, int64_t *offset, struct ctd_error *err) {
  WriteResponse *reply = NULL;
  if (writer_receive(writer, &reply, err))
    return -1;
  *offset = reply->offset;
  protobuf_c_message_free_unpacked(&reply->base, NULL);
  return 0;
}

/* Opens the stream and asks how far the ingest is, which locks its ref. */
static int writer_connect(struct ctd_content_writer *writer, struct ctd_error *err) {
  WriteRequest request = CONTAINERD__SERVICES__CONTENT__V1__WRITE_CONTENT_REQUEST__INIT;
  request.action = CONTAINERD__SERVICES__CONTENT__V1__WRITE_ACTION__STAT;
  request.ref = writer->ref;
  request.expected = writer->digest;
  request.total = writer->size;
  if (ctd_stream_open(&writer->stream, ctd_client_target(writer->client), WRITE_METHOD, response_type, writer->scope,
                      err))
    return -1;
  if (!ctd_stream_send(writer->stream, &request.base, err) && !writer_answer(writer, &writer->offset, err))
    return 0;
  ctd_stream_free(writer->stream);
  writer->stream = NULL;
  return -1;
}

int ctd_content_open(struct ctd_client *client, const char *ref, const char *digest, int64_t size,
                     struct ctd_scope *scope, struct ctd_content_writer **out, int64_t *offset, struct ctd_error *err) {
  double wait = 0;
  int result = -1;
  *out = NULL;
  struct ctd_content_writer *writer = calloc(1, sizeof *writer);
  if (!writer)
    return ctd_error_nomem(err);
  writer->client = ctd_client_ref(client);
  writer->scope = scope;
  writer->size = size;
  if (ctd_copy_string(&writer->ref, ref, err) || ctd_copy_string(&writer->digest, digest, err))
    goto out;
  do
    result = writer_connect(writer, err);
  while (result && !ref_wait(scope, &wait, err));
  if (!result) {
    *offset = writer->offset;
    *out = writer;
    return 0;
  }
  if (err->code == CTD_ALREADY_EXISTS) {
    ctd_error_clear(err);
    result = 0;
  }
out:
  ctd_content_close(writer);
  return result ? ctd_error_prefix(err, "write %s", digest ? digest : ref) : 0;
}

static int writer_send(struct ctd_content_writer *writer, WriteRequest *request, const char *data, size_t size,
                       struct ctd_error *err) {
  int64_t before;
  if (writer->unanswered == WINDOW) {
    if (writer_answer(writer, &before, err))
      return -1;
    writer->unanswered--;
  }
  request->offset = writer->offset;
  writer->offset += (int64_t)size;
  writer->unanswered++;
  return ctd_stream_send_data(writer->stream, &request->base, DATA_FIELD, data, size, err);
}

/* Sends the bytes that have gathered. */
static int writer_send_gathered(struct ctd_content_writer *writer, WriteRequest *request, struct ctd_error *err) {
  size_t size = writer->fill;
  writer->fill = 0;
  return writer_send(writer, request, writer->chunk, size, err);
}

/* Takes what fits into the next message. */
static int writer_gather(struct ctd_content_writer *writer, const char *data, size_t size, struct ctd_error *err) {
  if (!writer->chunk && !(writer->chunk = malloc(CHUNK)))
    return ctd_error_nomem(err);
  memcpy(writer->chunk + writer->fill, data, size);
  writer->fill += size;
  return 0;
}

/* A whole message is sent from where it is. */
int ctd_content_write(struct ctd_content_writer *writer, const void *data, size_t size, struct ctd_error *err) {
  const char *bytes = data;
  WriteRequest request = CONTAINERD__SERVICES__CONTENT__V1__WRITE_CONTENT_REQUEST__INIT;
  int result = 0;
  request.action = CONTAINERD__SERVICES__CONTENT__V1__WRITE_ACTION__WRITE;
  while (size && !result) {
    size_t part = size < CHUNK - writer->fill ? size : CHUNK - writer->fill;
    if (part == CHUNK)
      result = writer_send(writer, &request, bytes, part, err);
    else if (!(result = writer_gather(writer, bytes, part, err)) && writer->fill == CHUNK)
      result = writer_send_gathered(writer, &request, err);
    bytes += part;
    size -= part;
  }
  return result ? ctd_error_prefix(err, "write %s", writer_name(writer)) : 0;
}

int ctd_content_flush(struct ctd_content_writer *writer, struct ctd_error *err) {
  WriteRequest request = CONTAINERD__SERVICES__CONTENT__V1__WRITE_CONTENT_REQUEST__INIT;
  int64_t before;
  request.action = CONTAINERD__SERVICES__CONTENT__V1__WRITE_ACTION__WRITE;
  int result = writer->fill ? writer_send_gathered(writer, &request, err) : 0;
  for (; !result && writer->unanswered; writer->unanswered--)
    result = writer_answer(writer, &before, err);
  return result ? ctd_error_prefix(err, "write %s", writer_name(writer)) : 0;
}

static int status_make(struct ctd_ingest *out, const struct ctd_content_writer *writer, const WriteResponse *reply,
                       struct ctd_error *err) {
  out->offset = writer->offset; /* what is truncated is so from the next message on */
  out->total = reply->total;
  out->started = ctd_timestamp_seconds(reply->started_at);
  out->updated = ctd_timestamp_seconds(reply->updated_at);
  if (!ctd_copy_string(&out->ref, writer->ref, err) && !ctd_copy_string(&out->expected, writer->digest, err))
    return 0;
  ctd_ingest_free(out);
  return -1;
}

int ctd_content_status(struct ctd_content_writer *writer, struct ctd_ingest *out, struct ctd_error *err) {
  WriteRequest request = CONTAINERD__SERVICES__CONTENT__V1__WRITE_CONTENT_REQUEST__INIT;
  WriteResponse *reply = NULL;
  memset(out, 0, sizeof *out);
  if (ctd_content_flush(writer, err))
    return -1;
  request.action = CONTAINERD__SERVICES__CONTENT__V1__WRITE_ACTION__STAT;
  int result = ctd_stream_send(writer->stream, &request.base, err);
  if (!result)
    result = writer_receive(writer, &reply, err);
  if (!result)
    result = status_make(out, writer, reply, err);
  if (reply)
    protobuf_c_message_free_unpacked(&reply->base, NULL);
  return result ? ctd_error_prefix(err, "status %s", writer_name(writer)) : 0;
}

/* The daemon truncates the ingest itself when the next message says offset 0. */
void ctd_content_truncate(struct ctd_content_writer *writer) {
  writer->fill = 0;
  writer->offset = 0;
}

int ctd_content_expect(struct ctd_content_writer *writer, const char *digest, int64_t size, struct ctd_error *err) {
  char *copy = NULL;
  if (size)
    writer->size = size;
  if (!digest)
    return 0;
  if (ctd_copy_string(&copy, digest, err))
    return -1;
  free(writer->digest);
  writer->digest = copy;
  return 0;
}

/* The answers to a commit, and to what was written before it; the last says what the blob is. */
static int commit_finish(struct ctd_content_writer *writer, char **digest, struct ctd_error *err) {
  WriteResponse *reply;
  int result;
  do {
    reply = NULL;
    result = ctd_stream_receive(writer->stream, (ProtobufCMessage **)&reply, err);
    if (!result && reply && digest && *reply->digest) {
      free(*digest);
      result = ctd_copy_string(digest, reply->digest, err);
    }
    if (reply)
      protobuf_c_message_free_unpacked(&reply->base, NULL);
  } while (!result && reply);
  return result;
}

static int writer_commit(struct ctd_content_writer *writer, const struct ctd_labels *labels, char **digest,
                         struct ctd_error *err) {
  WriteRequest request = CONTAINERD__SERVICES__CONTENT__V1__WRITE_CONTENT_REQUEST__INIT;
  request.action = CONTAINERD__SERVICES__CONTENT__V1__WRITE_ACTION__COMMIT;
  request.expected = writer->digest;
  request.total = writer->size;
  if (ctd_map_from_labels(labels, &containerd__services__content__v1__write_content_request__labels_entry__descriptor,
                          &request.labels, &request.n_labels, err))
    return -1;
  int result = writer_send_gathered(writer, &request, err);
  if (!result)
    result = commit_finish(writer, digest, err);
  free(request.labels);
  return result;
}

int ctd_content_commit(struct ctd_content_writer *writer, const struct ctd_labels *labels, struct ctd_error *err) {
  int result = writer_commit(writer, labels, NULL, err);
  return result ? commit_failed(writer->client, writer->ref, writer->digest, labels, writer->scope, err) : 0;
}

int ctd_content_commit_new(struct ctd_content_writer *writer, const struct ctd_labels *labels, char **digest,
                           int64_t *size, struct ctd_error *err) {
  *digest = NULL;
  *size = writer->offset + (int64_t)writer->fill;
  if (!writer_commit(writer, labels, digest, err))
    return 0;
  free(*digest);
  *digest = NULL;
  if (err->code == CTD_ALREADY_EXISTS)
    return ctd_error_prefix(err, "write %s", writer_name(writer));
  return commit_failed(writer->client, writer->ref, writer_name(writer), labels, writer->scope, err);
}

/* Until the daemon has ended the call too, it holds the ref and may still write to the ingest. */
static void writer_finish(struct ctd_content_writer *writer) {
  struct ctd_error ignored = {0};
  if (writer->stream && ctd_runtime_usable() && !ctd_scope_check(writer->scope, &ignored)) {
    ctd_stream_close_send(writer->stream);
    stream_drain(writer->stream, &ignored);
  }
  ctd_error_clear(&ignored);
}

void ctd_content_close(struct ctd_content_writer *writer) {
  if (!writer)
    return;
  writer_finish(writer);
  ctd_stream_free(writer->stream);
  ctd_client_unref(writer->client);
  free(writer->chunk);
  free(writer->ref);
  free(writer->digest);
  free(writer);
}
