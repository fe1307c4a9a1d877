#include "lua/content.h"
#include "lua/filters.h"
#include "lua/label_changes.h"
#include "lua/record.h"
#include "lua/service.h"

/* What may be read into a string at once. */
#define READ_LIMIT ((size_t)1 << 40)

static void set_integer(lua_State *L, const char *name, int64_t value) {
  lua_pushinteger(L, (lua_Integer)value);
  lua_setfield(L, -2, name);
}

void ctd_content_push_info(lua_State *L, const struct ctd_content_info *info) {
  lua_createtable(L, 0, 5);
  ctd_record_set_string(L, "digest", info->digest);
  set_integer(L, "size", info->size);
  ctd_record_set_time(L, "created_at", info->created);
  ctd_record_set_time(L, "updated_at", info->updated);
  ctd_record_push_labels(L, &info->labels);
  lua_setfield(L, -2, "labels");
}

void ctd_content_push_ingest(lua_State *L, const struct ctd_ingest *ingest) {
  lua_createtable(L, 0, 6);
  ctd_record_set_string(L, "ref", ingest->ref);
  ctd_record_set_string(L, "expected", ingest->expected);
  set_integer(L, "offset", ingest->offset);
  set_integer(L, "total", ingest->total);
  ctd_record_set_time(L, "started_at", ingest->started);
  ctd_record_set_time(L, "updated_at", ingest->updated);
}

/* One blob, and the changes of its labels. */
struct blob {
  struct ctd_client *client;
  const char *digest;
  struct ctd_labels changes;
  struct ctd_content_info info;
};

static const struct ctd_option digest_argument[] = {
    {"digest", ctd_read_string, offsetof(struct blob, digest), false},
    {NULL, NULL, 0, false},
};

static int blob_failed(const struct blob *request, int result, const char *op, struct ctd_error *err) {
  return result < 0 ? ctd_client_failed(request->client, err, op, "%s", request->digest) : result;
}

static int info_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct blob *request = data;
  int result = ctd_content_info(request->client, request->digest, scope, &request->info, err);
  return blob_failed(request, result, "info", err);
}

static int info_push(lua_State *L, struct ctd_op *op, void *data) {
  (void)op;
  ctd_content_push_info(L, &((const struct blob *)data)->info);
  return 1;
}

static void info_release(void *data) {
  ctd_content_info_free(&((struct blob *)data)->info);
}

static const struct ctd_method info_method = {
    .name = "info",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct blob),
    .arguments = digest_argument,
    .run = info_run,
    .push = info_push,
    .release = info_release,
};

static const struct ctd_option update_arguments[] = {
    {"digest", ctd_read_string, offsetof(struct blob, digest), false},
    {"labels", ctd_read_label_changes, offsetof(struct blob, changes), false},
    {NULL, NULL, 0, false},
};

static int update_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct blob *request = data;
  int result = ctd_content_update(request->client, request->digest, &request->changes, scope, &request->info, err);
  return blob_failed(request, result, "update", err);
}

static const struct ctd_method update_method = {
    .name = "update",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct blob),
    .arguments = update_arguments,
    .run = update_run,
    .push = info_push,
    .release = info_release,
};

static int delete_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct blob *request = data;
  return blob_failed(request, ctd_content_delete(request->client, request->digest, scope, err), "delete", err);
}

static const struct ctd_method delete_method = {
    .name = "delete",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct blob),
    .arguments = digest_argument,
    .run = delete_run,
};

struct read {
  struct ctd_client *client;
  const char *digest;
  int64_t offset, size; /* size −1: to the end */
  struct ctd_buffer text;
};

static const struct ctd_option read_arguments[] = {
    {"digest", ctd_read_string, offsetof(struct read, digest), false},
    {NULL, NULL, 0, false},
};

static const struct ctd_option read_options[] = {
    {"offset", ctd_read_size, offsetof(struct read, offset), false},
    {"size", ctd_read_size, offsetof(struct read, size), false},
    {NULL, NULL, 0, false},
};

static void read_parse(lua_State *L, struct ctd_op *op, void *data) {
  (void)L;
  (void)op;
  ((struct read *)data)->size = -1;
}

/* To the daemon a size of 0 means all. */
static int read_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct read *request = data;
  struct ctd_content_info info = {0};
  int64_t size = request->size < 0 ? 0 : request->size;
  int result = request->size == 0 ? ctd_content_info(request->client, request->digest, scope, &info, err)
                                  : ctd_content_read_part(request->client, request->digest, request->offset, size,
                                                          READ_LIMIT, scope, &request->text, err);
  ctd_content_info_free(&info);
  return result ? ctd_client_failed(request->client, err, "read", "%s", request->digest) : 0;
}

static int read_push(lua_State *L, struct ctd_op *op, void *data) {
  const struct ctd_buffer *text = &((const struct read *)data)->text;
  (void)op;
  lua_pushlstring(L, text->data ? text->data : "", text->size);
  return 1;
}

static void read_release(void *data) {
  ctd_buffer_free(&((struct read *)data)->text);
}

static const struct ctd_method read_method = {
    .name = "read",
    .size = sizeof(struct read),
    .arguments = read_arguments,
    .options = read_options,
    .parse = read_parse,
    .run = read_run,
    .push = read_push,
    .release = read_release,
};

struct status {
  struct ctd_client *client;
  const char *ref;
  struct ctd_ingest ingest;
};

static const struct ctd_option ref_argument[] = {
    {"ref", ctd_read_string, offsetof(struct status, ref), false},
    {NULL, NULL, 0, false},
};

static int status_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct status *request = data;
  return ctd_ingest_status(request->client, request->ref, scope, &request->ingest, err);
}

static int status_push(lua_State *L, struct ctd_op *op, void *data) {
  (void)op;
  ctd_content_push_ingest(L, &((const struct status *)data)->ingest);
  return 1;
}

static void status_release(void *data) {
  ctd_ingest_free(&((struct status *)data)->ingest);
}

static const struct ctd_method status_method = {
    .name = "status",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct status),
    .arguments = ref_argument,
    .run = status_run,
    .push = status_push,
    .release = status_release,
};

static int abort_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  const struct status *request = data;
  return ctd_ingest_abort(request->client, request->ref, scope, err);
}

static const struct ctd_method abort_method = {
    .name = "abort",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct status),
    .arguments = ref_argument,
    .run = abort_run,
};

struct statuses {
  struct ctd_client *client;
  struct ctd_filters filters;
  struct ctd_ingests ingests;
};

static void statuses_parse(lua_State *L, struct ctd_op *op, void *data) {
  ctd_filters_read(L, op, &((struct statuses *)data)->filters);
}

static int statuses_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  struct statuses *request = data;
  return ctd_ingest_list(request->client, request->filters.items, request->filters.count, scope, &request->ingests,
                         err);
}

static int statuses_push(lua_State *L, struct ctd_op *op, void *data) {
  const struct ctd_ingests *ingests = &((const struct statuses *)data)->ingests;
  (void)op;
  lua_createtable(L, (int)ingests->count, 0);
  for (size_t i = 0; i < ingests->count; i++) {
    ctd_content_push_ingest(L, &ingests->items[i]);
    lua_rawseti(L, -2, (int)i + 1);
  }
  return 1;
}

static void statuses_release(void *data) {
  ctd_ingests_free(&((struct statuses *)data)->ingests);
}

static const struct ctd_method statuses_method = {
    .name = "statuses",
    .flags = CTD_METHOD_SINGLE | CTD_METHOD_VARIADIC,
    .size = sizeof(struct statuses),
    .parse = statuses_parse,
    .run = statuses_run,
    .push = statuses_push,
    .release = statuses_release,
};

int ctd_content_function(lua_State *L) {
  return ctd_service_push(L, &ctd_content_type);
}

static const struct ctd_method *const content_methods[] = {
    &info_method,
    &read_method,
    &update_method,
    &delete_method,
    &status_method,
    &statuses_method,
    &abort_method,
    &ctd_content_walk_method,
    &ctd_content_reader_method,
    &ctd_content_write_method,
    &ctd_content_ingest_method,
    NULL,
};

const struct ctd_type ctd_content_type = {
    .name = "containerd.content",
    .ref = ctd_service_ref,
    .unref = ctd_service_unref,
    .describe = ctd_service_describe,
    .methods = content_methods,
};
