#include "client/transfer.h"
#include "base/thread.h"
#include "client/any.h"
#include "client/lease.h"
#include "client/streaming.h"
#include "client/transfer_auth.h"
#include "client/transfer_message.h"
#include "client/transfer_progress.h"
#include "rpc/call.h"
#include "transfer.pb-c.h"
#include <stdlib.h>
#include <string.h>

#define METHOD "/containerd.services.transfer.v1.Transfer/Transfer"
/* The source's stream, the destination's, and that of the progress. */
#define PARTS 3

typedef Containerd__Services__Transfer__V1__TransferRequest TransferRequest;
typedef Containerd__Services__Transfer__V1__TransferOptions TransferOptions;

/* What goes on beside the call, on a stream and a thread of its own. */
struct part {
  struct transfer *transfer;
  const struct ctd_transfer_end *end; /* NULL: the progress */
  int (*run)(struct part *part, struct ctd_error *err);
  bool till_end; /* it ends with its stream; others when the call is over */
  struct ctd_scope scope;
  struct ctd_streaming *streaming;
  pthread_t thread;
  bool running, failed; /* failed: by itself, not as a part of what has ended */
  int result;
  struct ctd_error error;
};

struct transfer {
  struct ctd_client *client;
  struct ctd_client *bare, *leased; /* the same without a lease, and under the one that the streams have */
  const struct ctd_transfer_end *source, *destination;
  struct ctd_scope scope; /* within the caller's; cancelled when a part fails */
  struct part parts[PARTS];
  size_t part_count;
  struct ctd_typed messages[2];
  struct ctd_transfer_progress progress;
};

static int part_answer(struct part *part, struct ctd_error *err) {
  return ctd_transfer_auth_answer(&part->end->registry, part->transfer->client, part->streaming, &part->scope, err);
}

static int part_read(struct part *part, struct ctd_error *err) {
  return ctd_streaming_send_bytes(part->streaming, part->end->archive.source, err);
}

static int part_write(struct part *part, struct ctd_error *err) {
  return ctd_streaming_receive_bytes(part->streaming, part->end->archive.sink, err);
}

static int part_progress(struct part *part, struct ctd_error *err) {
  return ctd_transfer_progress_read(&part->transfer->progress, part->streaming, err);
}

/* What breaks a stream shows in the call, too, and there with its reason. */
static void *part_thread(void *argument) {
  struct part *part = argument;
  part->result = part->run(part, &part->error);
  part->failed = part->result && !ctd_streaming_is_broken(part->streaming) && !ctd_scope_cancelled(&part->scope);
  if (part->failed)
    ctd_scope_cancel(&part->transfer->scope);
  return NULL;
}

static int part_start(struct transfer *transfer, const struct ctd_transfer_end *end, const char *purpose,
                      int (*run)(struct part *, struct ctd_error *), bool till_end, struct ctd_error *err) {
  struct part *part = &transfer->parts[transfer->part_count++];
  *part = (struct part){.transfer = transfer, .end = end, .run = run, .till_end = till_end};
  ctd_scope_init_within(&part->scope, &transfer->scope);
  if (ctd_streaming_open(&part->streaming, transfer->leased, purpose, &part->scope, err) ||
      ctd_thread_start(&part->thread, "ctd-transfer", part_thread, part, err))
    return -1;
  part->running = true;
  return 0;
}

static int end_start(struct transfer *transfer, const struct ctd_transfer_end *end, struct ctd_error *err) {
  bool is_source = end == transfer->source;
  struct ctd_typed *message = &transfer->messages[is_source ? 0 : 1];
  const char *stream = NULL;
  int result = 0;
  if (end->kind == CTD_TRANSFER_REGISTRY)
    result = part_start(transfer, end, "credentials", part_answer, false, err);
  else if (end->kind == CTD_TRANSFER_ARCHIVE && is_source)
    result = part_start(transfer, end, "import", part_read, false, err);
  else if (end->kind == CTD_TRANSFER_ARCHIVE)
    result = part_start(transfer, end, "export", part_write, true, err);
  if (result)
    return -1;
  if (end->kind != CTD_TRANSFER_IMAGE)
    stream = ctd_streaming_id(transfer->parts[transfer->part_count - 1].streaming);
  return ctd_transfer_message(message, transfer->client, end, is_source, stream, &transfer->scope, err);
}

static int transfer_start(struct transfer *transfer, struct ctd_error *err) {
  struct ctd_client *client = transfer->client;
  if (ctd_client_with_namespace(client, ctd_client_namespace(client), &transfer->bare, err) ||
      ctd_lease_begin(transfer->bare, &transfer->leased, &transfer->scope, err) ||
      end_start(transfer, transfer->source, err) || end_start(transfer, transfer->destination, err))
    return -1;
  return part_start(transfer, NULL, "progress", part_progress, true, err);
}

/* What it brings into the store is kept by the caller's lease, where there is one. */
static int transfer_call(struct transfer *transfer, struct ctd_error *err) {
  const struct ctd_client *client = ctd_client_lease(transfer->client) ? transfer->client : transfer->leased;
  Google__Protobuf__Any source = ctd_typed_any(&transfer->messages[0]);
  Google__Protobuf__Any destination = ctd_typed_any(&transfer->messages[1]);
  TransferOptions options = CONTAINERD__SERVICES__TRANSFER__V1__TRANSFER_OPTIONS__INIT;
  TransferRequest request = CONTAINERD__SERVICES__TRANSFER__V1__TRANSFER_REQUEST__INIT;
  options.progress_stream = (char *)ctd_streaming_id(transfer->parts[transfer->part_count - 1].streaming);
  request.source = &source;
  request.destination = &destination;
  request.options = &options;
  return ctd_call(ctd_client_target(client), METHOD, &request.base, NULL, NULL, &transfer->scope, err);
}

/*
 * Daemons leave the stream of an export open. When the collector has removed it, with its lease, it ends behind all
 * that was sent on it.
 */
static int export_finish(struct transfer *transfer, struct ctd_error *err) {
  if (transfer->destination->kind != CTD_TRANSFER_ARCHIVE)
    return 0;
  return ctd_lease_delete(transfer->bare, ctd_client_lease(transfer->leased), true, &transfer->scope, err);
}

/* Ends the parts: after success those alone that would go on for ever. */
static void parts_join(struct transfer *transfer, bool success) {
  for (size_t i = 0; i < transfer->part_count; i++) {
    struct part *part = &transfer->parts[i];
    if (!success || !part->till_end)
      ctd_scope_cancel(&part->scope);
    if (part->running)
      pthread_join(part->thread, NULL);
  }
}

/* The reason is what failed first: a part, then the call, then a part that didn't get to its end. */
static int transfer_result(struct transfer *transfer, int result, struct ctd_error *err) {
  for (size_t i = 0; i < transfer->part_count; i++) {
    struct part *part = &transfer->parts[i];
    if (part->failed || (!result && part->till_end && part->result)) {
      ctd_error_move(err, &part->error);
      return -1;
    }
  }
  return result;
}

static int transfer_run(struct transfer *transfer, struct ctd_error *err) {
  int result = transfer_start(transfer, err);
  if (!result)
    result = transfer_call(transfer, err);
  if (!result)
    result = export_finish(transfer, err);
  parts_join(transfer, !result);
  return transfer_result(transfer, result, err);
}

static int images_add(struct ctd_images *images, struct ctd_client *client, const char *name, struct ctd_scope *scope,
                      struct ctd_error *err) {
  struct ctd_image **items = realloc(images->items, (images->count + 1) * sizeof(struct ctd_image *));
  if (!items)
    return ctd_error_nomem(err);
  images->items = items;
  if (ctd_image_get(client, name, scope, &items[images->count], err))
    return -1;
  images->count++;
  return 0;
}

/* Of a tag the daemon tells nothing. */
static int transfer_images(struct transfer *transfer, struct ctd_scope *scope, struct ctd_images *out,
                           struct ctd_error *err) {
  const struct ctd_transfer_progress *progress = &transfer->progress;
  const struct ctd_transfer_end *destination = transfer->destination;
  if (destination->kind != CTD_TRANSFER_IMAGE)
    return 0;
  for (size_t i = 0; i < progress->saved_count; i++)
    if (images_add(out, transfer->client, progress->saved[i], scope, err))
      return -1;
  if (progress->saved_count || !destination->image.name)
    return 0;
  return images_add(out, transfer->client, destination->image.name, scope, err);
}

static void transfer_free(struct transfer *transfer) {
  for (size_t i = 0; i < transfer->part_count; i++) {
    ctd_streaming_free(transfer->parts[i].streaming);
    ctd_error_clear(&transfer->parts[i].error);
  }
  ctd_lease_end(transfer->bare, transfer->leased);
  ctd_client_unref(transfer->bare);
  ctd_typed_free(&transfer->messages[0]);
  ctd_typed_free(&transfer->messages[1]);
  ctd_transfer_progress_free(&transfer->progress);
}

static const char *end_name(const struct ctd_transfer_end *end) {
  if (end->kind == CTD_TRANSFER_REGISTRY)
    return end->registry.reference;
  if (end->kind == CTD_TRANSFER_ARCHIVE)
    return "an archive";
  return end->image.name ? end->image.name : "images";
}

/* Much of what can go wrong in the daemon has no status of its own. */
static void reason_refine(struct ctd_error *err) {
  static const struct {
    const char *text;
    enum ctd_code code;
  } reasons[] = {
      {"401 Unauthorized", CTD_UNAUTHENTICATED}, {"authorization failed", CTD_UNAUTHENTICATED},
      {"403 Forbidden", CTD_PERMISSION_DENIED},  {"connection refused", CTD_CONNECTION_REFUSED},
      {"archive/tar: ", CTD_INVALID_ARGUMENT},
  };
  for (size_t i = 0; err->code == CTD_UNKNOWN && i < sizeof reasons / sizeof *reasons; i++)
    if (strstr(err->message, reasons[i].text))
      err->code = reasons[i].code;
}

int ctd_transfer_plainly(struct ctd_client *client, const struct ctd_transfer_end *source,
                         const struct ctd_transfer_end *destination, const struct ctd_progress_listener *listener,
                         struct ctd_scope *scope, struct ctd_images *out, struct ctd_error *err) {
  struct transfer transfer = {
      .client = client,
      .source = source,
      .destination = destination,
      .progress = {.listener = *listener, .pushes = destination->kind == CTD_TRANSFER_REGISTRY},
  };
  *out = (struct ctd_images){0};
  ctd_scope_init_within(&transfer.scope, scope);
  int result = transfer_run(&transfer, err);
  if (result)
    reason_refine(err);
  else
    result = transfer_images(&transfer, scope, out, err);
  if (result)
    ctd_images_free(out);
  transfer_free(&transfer);
  return result;
}

int ctd_transfer(struct ctd_client *client, const struct ctd_transfer_end *source,
                 const struct ctd_transfer_end *destination, const struct ctd_progress_listener *listener,
                 struct ctd_scope *scope, struct ctd_images *out, struct ctd_error *err) {
  if (!ctd_transfer_plainly(client, source, destination, listener, scope, out, err))
    return 0;
  return ctd_client_failed(client, err, "transfer", "%s to %s", end_name(source), end_name(destination));
}
