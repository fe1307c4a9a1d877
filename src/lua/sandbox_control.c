#include "lua/message.h"
#include "lua/sandbox.h"
#include "lua/types.h"

struct request {
  void *owner;                /* the sandbox; of methods by id the client, */
  const char *id;             /* the sandbox's id, */
  struct ctd_sandbox *loaded; /* and the sandbox when it was read */
  bool verbose;
  double grace;
  ProtobufCMessage *reply;
};

static const struct ctd_option id_arguments[] = {
    {"id", ctd_read_string, offsetof(struct request, id), false},
    {NULL, NULL, 0, false},
};

static void request_release(void *data) {
  struct request *request = data;
  ctd_sandbox_unref(request->loaded);
  if (request->reply)
    protobuf_c_message_free_unpacked(request->reply, NULL);
}

static int push_reply(lua_State *L, struct ctd_op *op, void *data) {
  (void)op;
  ctd_message_push(L, ((const struct request *)data)->reply);
  return 1;
}

/* What a method does with a sandbox, whose record it reads first if all it has is an id. */
typedef int (*action)(struct request *request, struct ctd_sandbox *sandbox, struct ctd_scope *scope,
                      struct ctd_error *err);

static int by_id(void *data, action action, struct ctd_scope *scope, struct ctd_error *err) {
  struct request *request = data;
  if (ctd_sandbox_get(request->owner, request->id, scope, &request->loaded, err))
    return -1;
  return action(request, request->loaded, scope, err);
}

static int start(struct request *request, struct ctd_sandbox *sandbox, struct ctd_scope *scope, struct ctd_error *err) {
  return ctd_sandbox_start(sandbox, (Containerd__Services__Sandbox__V1__ControllerStartResponse **)&request->reply,
                           scope, err);
}

static int start_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  return start(data, ((struct request *)data)->owner, scope, err);
}

static int start_run_by_id(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  return by_id(data, start, scope, err);
}

const struct ctd_method ctd_sandbox_start_method = {
    .name = "start",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct request),
    .run = start_run,
    .push = push_reply,
    .release = request_release,
};

const struct ctd_method ctd_sandboxes_start_method = {
    .name = "start",
    .size = sizeof(struct request),
    .arguments = id_arguments,
    .run = start_run_by_id,
    .push = push_reply,
    .release = request_release,
};

static int wait(struct request *request, struct ctd_sandbox *sandbox, struct ctd_scope *scope, struct ctd_error *err) {
  return ctd_sandbox_wait(sandbox, (Containerd__Services__Sandbox__V1__ControllerWaitResponse **)&request->reply, scope,
                          err);
}

static int wait_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  return wait(data, ((struct request *)data)->owner, scope, err);
}

static int wait_run_by_id(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  return by_id(data, wait, scope, err);
}

static int wait_push(lua_State *L, struct ctd_op *op, void *data) {
  push_reply(L, op, data);
  lua_getfield(L, -1, "exit_status");
  lua_getfield(L, -2, "exited_at");
  return 2;
}

const struct ctd_method ctd_sandbox_wait_method = {
    .name = "wait",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct request),
    .run = wait_run,
    .push = wait_push,
    .release = request_release,
};

const struct ctd_method ctd_sandboxes_wait_method = {
    .name = "wait",
    .size = sizeof(struct request),
    .arguments = id_arguments,
    .run = wait_run_by_id,
    .push = wait_push,
    .release = request_release,
};

static const struct ctd_option status_options[] = {
    {"verbose", ctd_read_boolean, offsetof(struct request, verbose), false},
    {NULL, NULL, 0, false},
};

static int status(struct request *request, struct ctd_sandbox *sandbox, struct ctd_scope *scope,
                  struct ctd_error *err) {
  return ctd_sandbox_status(sandbox, request->verbose,
                            (Containerd__Services__Sandbox__V1__ControllerStatusResponse **)&request->reply, scope,
                            err);
}

static int status_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  return status(data, ((struct request *)data)->owner, scope, err);
}

static int status_run_by_id(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  return by_id(data, status, scope, err);
}

const struct ctd_method ctd_sandbox_status_method = {
    .name = "status",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct request),
    .options = status_options,
    .run = status_run,
    .push = push_reply,
    .release = request_release,
};

const struct ctd_method ctd_sandboxes_status_method = {
    .name = "status",
    .size = sizeof(struct request),
    .arguments = id_arguments,
    .options = status_options,
    .run = status_run_by_id,
    .push = push_reply,
    .release = request_release,
};

static const struct ctd_option stop_options[] = {
    {"grace", ctd_read_seconds, offsetof(struct request, grace), false},
    {NULL, NULL, 0, false},
};

static int stop(struct request *request, struct ctd_sandbox *sandbox, struct ctd_scope *scope, struct ctd_error *err) {
  return ctd_sandbox_stop(sandbox, request->grace, scope, err);
}

static int stop_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  return stop(data, ((struct request *)data)->owner, scope, err);
}

static int stop_run_by_id(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  return by_id(data, stop, scope, err);
}

const struct ctd_method ctd_sandbox_stop_method = {
    .name = "stop",
    .flags = CTD_METHOD_SINGLE,
    .size = sizeof(struct request),
    .options = stop_options,
    .run = stop_run,
};

const struct ctd_method ctd_sandboxes_stop_method = {
    .name = "stop",
    .size = sizeof(struct request),
    .arguments = id_arguments,
    .options = stop_options,
    .run = stop_run_by_id,
    .release = request_release,
};

static int delete (struct request *request, struct ctd_sandbox *sandbox, struct ctd_scope *scope,
                   struct ctd_error *err) {
  (void)request;
  return ctd_sandbox_delete(sandbox, scope, err);
}

static int delete_run(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  return delete (data, ((struct request *)data)->owner, scope, err);
}

static int delete_run_by_id(void *data, struct ctd_scope *scope, struct ctd_error *err) {
  return by_id(data, delete, scope, err);
}

const struct ctd_method ctd_sandbox_delete_method = {
    .name = "delete",
    .size = sizeof(struct request),
    .run = delete_run,
};

const struct ctd_method ctd_sandboxes_delete_method = {
    .name = "delete",
    .size = sizeof(struct request),
    .arguments = id_arguments,
    .run = delete_run_by_id,
    .release = request_release,
};
