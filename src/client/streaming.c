#include "client/streaming.h"
#include "base/buffer.h"
#include "client/unique.h"
#include "google/protobuf/any.pb-c.h"
#include "rpc/stream.h"
#include "streaming.pb-c.h"
#include "transfer_types.pb-c.h"
#include <stdlib.h>
#include <string.h>

#define METHOD "/containerd.services.streaming.v1.Streaming/Stream"
/* What the daemon may have sent us without another word, and at how many bytes less it gets that. */
#define WINDOW ((int32_t)512 << 10)
#define LOW_WINDOW (WINDOW / 2)
/* How many bytes a message has at most. */
#define PIECE ((size_t)64 << 10)

typedef Containerd__Types__Transfer__Data Data;
typedef Containerd__Types__Transfer__WindowUpdate WindowUpdate;

struct ctd_streaming {
  char *id;
  struct ctd_scope *scope;
  struct ctd_stream *stream;
  bool broken;
};

static int failed(struct ctd_streaming *streaming) {
  streaming->broken = true;
  return -1;
}

/* What is over isn't answered any more, lest the daemon goes on before it hears of that. */
int ctd_streaming_send(struct ctd_streaming *streaming, const ProtobufCMessage *message, struct ctd_error *err) {
  Google__Protobuf__Any any = GOOGLE__PROTOBUF__ANY__INIT;
  if (ctd_scope_check(streaming->scope, err))
    return failed(streaming);
  any.type_url = (char *)message->descriptor->name;
  any.value.len = protobuf_c_message_get_packed_size(message);
  any.value.data = malloc(any.value.len + 1);
  if (!any.value.data)
    return ctd_error_nomem(err);
  protobuf_c_message_pack(message, any.value.data);
  int result = ctd_stream_send(streaming->stream, &any.base, err);
  free(any.value.data);
  return result ? failed(streaming) : 0;
}

/* NULL: the daemon has ended the stream. */
static int any_receive(struct ctd_streaming *streaming, Google__Protobuf__Any **out, struct ctd_error *err) {
  return ctd_stream_receive(streaming->stream, (ProtobufCMessage **)out, err) ? failed(streaming) : 0;
}

static void any_free(Google__Protobuf__Any *any) {
  protobuf_c_message_free_unpacked(&any->base, NULL);
}

/* Named after its purpose, for whoever reads the daemon's log. */
static int begin(struct ctd_streaming *streaming, const char *purpose, struct ctd_error *err) {
  Containerd__Services__Streaming__V1__StreamInit init = CONTAINERD__SERVICES__STREAMING__V1__STREAM_INIT__INIT;
  Google__Protobuf__Any *ready;
  char unique[CTD_UNIQUE_SIZE];
  ctd_unique(unique);
  streaming->id = ctd_format(err, "%s-%s", purpose, unique);
  if (!streaming->id)
    return -1;
  init.id = streaming->id;
  if (ctd_streaming_send(streaming, &init.base, err) || any_receive(streaming, &ready, err))
    return -1;
  if (!ready)
    return ctd_error_set(err, CTD_UNAVAILABLE, "the daemon ended the stream %s at once", streaming->id);
  any_free(ready);
  return 0;
}

int ctd_streaming_open(struct ctd_streaming **out, struct ctd_client *client, const char *purpose,
                       struct ctd_scope *scope, struct ctd_error *err) {
  struct ctd_streaming *streaming = calloc(1, sizeof *streaming);
  *out = NULL;
  if (!streaming)
    return ctd_error_nomem(err);
  streaming->scope = scope;
  if (ctd_stream_open(&streaming->stream, ctd_client_target(client), METHOD, &google__protobuf__any__descriptor, scope,
                      err) ||
      begin(streaming, purpose, err)) {
    ctd_streaming_free(streaming);
    return -1;
  }
  *out = streaming;
  return 0;
}

void ctd_streaming_free(struct ctd_streaming *streaming) {
  if (!streaming)
    return;
  ctd_stream_free(streaming->stream);
  free(streaming->id);
  free(streaming);
}

const char *ctd_streaming_id(const struct ctd_streaming *streaming) {
  return streaming->id;
}

bool ctd_streaming_is_broken(const struct ctd_streaming *streaming) {
  return streaming->broken;
}

static int any_unpack(const Google__Protobuf__Any *any, const ProtobufCMessageDescriptor *type, ProtobufCMessage **out,
                      struct ctd_error *err) {
  *out = protobuf_c_message_unpack(type, NULL, any->value.len, any->value.data);
  return *out ? 0 : ctd_error_set(err, CTD_DATA_LOSS, "the daemon sent a broken %s", type->name);
}

int ctd_streaming_receive(struct ctd_streaming *streaming, const ProtobufCMessageDescriptor *type,
                          ProtobufCMessage **out, struct ctd_error *err) {
  Google__Protobuf__Any *any;
  *out = NULL;
  for (;;) {
    if (any_receive(streaming, &any, err))
      return -1;
    if (!any)
      return 0;
    int result = strcmp(any->type_url, type->name) ? 0 : any_unpack(any, type, out, err);
    any_free(any);
    if (result || *out)
      return result;
  }
}

/* Takes what the daemon allows more, and waits for that where nothing is left. */
static int window_await(struct ctd_streaming *streaming, int64_t *window, struct ctd_error *err) {
  WindowUpdate *update;
  while (*window <= 0 || ctd_stream_await(streaming->stream, 0)) {
    if (ctd_streaming_receive(streaming, &containerd__types__transfer__window_update__descriptor,
                              (ProtobufCMessage **)&update, err))
      return -1;
    if (!update) {
      ctd_error_set(err, CTD_ABORTED, "the daemon reads no further");
      return failed(streaming);
    }
    *window += update->update;
    protobuf_c_message_free_unpacked(&update->base, NULL);
  }
  return 0;
}

static int data_send(struct ctd_streaming *streaming, void *bytes, size_t size, struct ctd_error *err) {
  Data data = CONTAINERD__TYPES__TRANSFER__DATA__INIT;
  data.data.data = bytes;
  data.data.len = size;
  return ctd_streaming_send(streaming, &data.base, err);
}

/* `buffer` holds PIECE bytes. */
static int bytes_send(struct ctd_streaming *streaming, const struct ctd_source *source, void *buffer,
                      struct ctd_error *err) {
  int64_t window = 0;
  size_t got;
  for (;;) {
    if (window_await(streaming, &window, err))
      return -1;
    size_t size = window < (int64_t)PIECE ? (size_t)window : PIECE;
    if (source->read(source->context, buffer, size, &got, streaming->scope, err))
      return -1;
    if (!got) {
      ctd_stream_close_send(streaming->stream);
      return 0;
    }
    if (data_send(streaming, buffer, got, err))
      return -1;
    window -= (int64_t)got;
  }
}

int ctd_streaming_send_bytes(struct ctd_streaming *streaming, const struct ctd_source *source, struct ctd_error *err) {
  void *buffer = malloc(PIECE);
  if (!buffer)
    return ctd_error_nomem(err);
  int result = bytes_send(streaming, source, buffer, err);
  free(buffer);
  return result;
}

/* A daemon that has sent all no longer listens: whether all came well shows in what is received. */
static void window_open(struct ctd_streaming *streaming, int64_t *window) {
  WindowUpdate update = CONTAINERD__TYPES__TRANSFER__WINDOW_UPDATE__INIT;
  struct ctd_error ignored = {0};
  if (*window > LOW_WINDOW)
    return;
  update.update = (int32_t)(WINDOW - *window);
  ctd_streaming_send(streaming, &update.base, &ignored);
  ctd_error_clear(&ignored);
  streaming->broken = false;
  *window = WINDOW;
}

int ctd_streaming_receive_bytes(struct ctd_streaming *streaming, const struct ctd_sink *sink, struct ctd_error *err) {
  int64_t window = 0;
  for (;;) {
    Data *data;
    window_open(streaming, &window);
    if (ctd_streaming_receive(streaming, &containerd__types__transfer__data__descriptor, (ProtobufCMessage **)&data,
                              err))
      return -1;
    if (!data)
      return 0;
    int result = sink->write(sink->context, data->data.data, data->data.len, streaming->scope, err);
    window -= (int64_t)data->data.len;
    protobuf_c_message_free_unpacked(&data->base, NULL);
    if (result)
      return -1;
  }
}
