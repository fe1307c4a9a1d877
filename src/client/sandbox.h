/*
 * Sandboxes: records of what containers may share, and the controllers that run it (containerd.services.sandbox.v1, of
 * which containerd 1.7 has a first form, and 1.6 nothing: CTD_UNIMPLEMENTED).
 */
#ifndef CTD_CLIENT_SANDBOX_H
#define CTD_CLIENT_SANDBOX_H

#include "client/client.h"
#include "client/labels.h"
#include "client/typed.h"
#include "sandbox.pb-c.h"

typedef Containerd__Types__Sandbox ctd_sandbox_message;

/* A sandbox's record when it was read. Shared by reference; it keeps its client. */
struct ctd_sandbox;

struct ctd_sandbox *ctd_sandbox_ref(struct ctd_sandbox *sandbox);
void ctd_sandbox_unref(struct ctd_sandbox *sandbox); /* NULL is fine */

/* Borrowed from the sandbox; so is the newest record, which stays also when a newer one is read. */
struct ctd_client *ctd_sandbox_client(const struct ctd_sandbox *sandbox);
const char *ctd_sandbox_id(const struct ctd_sandbox *sandbox);
const ctd_sandbox_message *ctd_sandbox_record(const struct ctd_sandbox *sandbox);

struct ctd_sandbox_options {
  const char *sandboxer; /* the controller; NULL: the namespace's default, then CTD_DEFAULT_SANDBOXER */
  const char *runtime;   /* NULL: the client's, then the namespace's default */
  struct ctd_typed runtime_options;
  const json_t *spec;         /* NULL: the platform's default */
  ctd_sandbox_message record; /* an initialised message with labels and extensions */
  /* What the controller is told besides: an initialised message with rootfs, options, netns_path, annotations. */
  Containerd__Services__Sandbox__V1__ControllerCreateRequest controller;
};

#define CTD_DEFAULT_SANDBOXER "shim"

/*
 * Makes the record, and has the controller make the sandbox, which isn't started yet. On failure nothing of it stays.
 * An id that is taken is CTD_ALREADY_EXISTS. Not one RPC. The caller unrefs *out.
 */
int ctd_sandbox_create(struct ctd_client *client, const char *id, const struct ctd_sandbox_options *options,
                       struct ctd_scope *scope, struct ctd_sandbox **out, struct ctd_error *err);

/* One RPC each; the caller unrefs or frees *out. CTD_NOT_FOUND if there is none. */
int ctd_sandbox_get(struct ctd_client *client, const char *id, struct ctd_scope *scope, struct ctd_sandbox **out,
                    struct ctd_error *err);

struct ctd_sandboxes {
  struct ctd_sandbox **items;
  size_t count;
};
int ctd_sandbox_list(struct ctd_client *client, const char *const *filters, size_t filter_count,
                     struct ctd_scope *scope, struct ctd_sandboxes *out, struct ctd_error *err);
void ctd_sandboxes_free(struct ctd_sandboxes *sandboxes);

/* Reads the record again. One RPC. */
int ctd_sandbox_refresh(struct ctd_sandbox *sandbox, struct ctd_scope *scope, struct ctd_error *err);

/* What is to change in a record; what isn't given stays as it is. */
struct ctd_sandbox_changes {
  const json_t *spec;
  const struct ctd_labels *labels_merged; /* these alone; "" removes one */
  bool labels;                            /* `record` has all labels; not beside `labels_merged` */
  ctd_sandbox_message record;             /* an initialised message; its extensions are set one by one */
};

/* Changes the record in the daemon, and reads it again; its controller isn't told. One RPC. */
int ctd_sandbox_update(struct ctd_sandbox *sandbox, const struct ctd_sandbox_changes *changes, struct ctd_scope *scope,
                       struct ctd_error *err);

/*
 * The controller's part, one RPC each. The caller frees *reply with protobuf_c_message_free_unpacked. A wait returns
 * when the sandbox has ended; `grace`: how many seconds a sandbox may take to end by itself.
 */
int ctd_sandbox_start(struct ctd_sandbox *sandbox, Containerd__Services__Sandbox__V1__ControllerStartResponse **reply,
                      struct ctd_scope *scope, struct ctd_error *err);
int ctd_sandbox_wait(struct ctd_sandbox *sandbox, Containerd__Services__Sandbox__V1__ControllerWaitResponse **reply,
                     struct ctd_scope *scope, struct ctd_error *err);
int ctd_sandbox_status(struct ctd_sandbox *sandbox, bool verbose,
                       Containerd__Services__Sandbox__V1__ControllerStatusResponse **reply, struct ctd_scope *scope,
                       struct ctd_error *err);
int ctd_sandbox_stop(struct ctd_sandbox *sandbox, double grace, struct ctd_scope *scope, struct ctd_error *err);

/*
 * Has the controller end the sandbox and forget it, and deletes the record. CTD_NOT_FOUND: there is no record. Not one
 * RPC.
 */
int ctd_sandbox_delete(struct ctd_sandbox *sandbox, struct ctd_scope *scope, struct ctd_error *err);

/* What auto_delete does: the same after it was stopped. Not one RPC. */
int ctd_sandbox_destroy(struct ctd_sandbox *sandbox, struct ctd_scope *scope, struct ctd_error *err);

/*
 * For the files of this floor: the sandbox of an answer's record, and a newer record for it, both of which are taken
 * over, also on failure; and "<op> sandbox <id>" before the message.
 */
int ctd_sandbox_from_message(struct ctd_client *client, ctd_sandbox_message *message, struct ctd_sandbox **out,
                             struct ctd_error *err);
int ctd_sandbox_renew(struct ctd_sandbox *sandbox, ctd_sandbox_message *message, struct ctd_error *err);
int ctd_sandbox_failed(const struct ctd_sandbox *sandbox, struct ctd_error *err, const char *op);

/*
 * For the files of this floor: has the controller make it, by a request that says what isn't in the record; has the
 * controller stop it and forget it, if that knows it; and deletes the record alone.
 */
int ctd_sandbox_begin(struct ctd_sandbox *sandbox,
                      const Containerd__Services__Sandbox__V1__ControllerCreateRequest *request,
                      struct ctd_scope *scope, struct ctd_error *err);
int ctd_sandbox_end(struct ctd_sandbox *sandbox, struct ctd_scope *scope, struct ctd_error *err);
int ctd_sandbox_forget(struct ctd_client *client, const char *id, struct ctd_scope *scope, struct ctd_error *err);

#endif
