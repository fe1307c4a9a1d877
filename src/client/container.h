/* Containers: records of what can be run (containerd.services.containers.v1). */
#ifndef CTD_CLIENT_CONTAINER_H
#define CTD_CLIENT_CONTAINER_H

#include "client/image.h"
#include "client/typed.h"
#include "oci/runtime_options.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A container's record when it was read. Shared by reference; it keeps its client. */
struct ctd_container;

struct ctd_container *ctd_container_ref(struct ctd_container *container);
void ctd_container_unref(struct ctd_container *container); /* NULL is fine */

/* Borrowed from the container. */
struct ctd_client *ctd_container_client(const struct ctd_container *container);
const char *ctd_container_id(const struct ctd_container *container);

/* The record's fields; strings may be "". It stays as it is as long as the container, also when a newer one is read. */
struct ctd_container_info {
  char *id, *image, *runtime, *snapshotter, *snapshot_key, *sandbox;
  struct ctd_labels labels;
  double created, updated; /* epoch */
  char *spec;              /* the OCI runtime spec, JSON */
  struct ctd_typed runtime_options;
  struct ctd_extensions extensions;
};
const struct ctd_container_info *ctd_container_record(const struct ctd_container *container);

struct ctd_container_options {
  const char *snapshot;             /* key of the new snapshot, NULL: the id; without an image, of one that exists */
  bool snapshot_view;               /* the new snapshot is a view, and the root file system read-only */
  const char *rootfs;               /* a directory of the host instead of a snapshot */
  const char *snapshotter;          /* NULL: the client's, then the namespace's default */
  const char *runtime;              /* NULL: the client's, then the namespace's default */
  struct ctd_typed runtime_options; /* client/runtime_message.h makes them */
  const char *restart;              /* "always", "on-failure[:n]", "unless-stopped", "no"; NULL: no monitoring */
  const char *sandbox;              /* the id of the sandbox that its task runs in; NULL: none */
  struct ctd_extensions extensions;
  struct ctd_labels labels;
  struct ctd_runtime_options spec;
  const json_t *ready_spec; /* in place of the default, the image's config and `spec`; NULL: none */
  /* Has the last word on the spec, which it may change or replace (json_decref the old one); NULL: none. */
  int (*edit)(void *context, json_t **spec, struct ctd_error *err);
  void *edit_context;
};

/*
 * The container whose record the daemon has just told; for the files of this floor. The caller unrefs *out.
 */
struct Containerd__Services__Containers__V1__Container;
int ctd_container_from_message(struct ctd_client *client,
                               const struct Containerd__Services__Containers__V1__Container *message,
                               struct ctd_container **out, struct ctd_error *err);

/*
 * Creates a container on a new snapshot of the image. Its spec is the platform's default, then the image's config, then
 * the options, then `edit`. All under one lease; on failure neither snapshot nor container nor lease stays. An id that
 * is taken is CTD_ALREADY_EXISTS before anything is made. The caller unrefs *out.
 */
int ctd_container_create(struct ctd_image *image, const char *id, const struct ctd_container_options *options,
                         struct ctd_scope *scope, struct ctd_container **out, struct ctd_error *err);

/*
 * The same without an image: on `rootfs`, an existing `snapshot`, or what a ready spec says; one of them must be given.
 */
int ctd_container_create_bare(struct ctd_client *client, const char *id, const struct ctd_container_options *options,
                              struct ctd_scope *scope, struct ctd_container **out, struct ctd_error *err);

/* One RPC each; the caller unrefs or frees *out. CTD_NOT_FOUND if there is none. */
int ctd_container_get(struct ctd_client *client, const char *id, struct ctd_scope *scope, struct ctd_container **out,
                      struct ctd_error *err);

struct ctd_containers {
  struct ctd_container **items;
  size_t count;
};
int ctd_container_list(struct ctd_client *client, const char *const *filters, size_t filter_count,
                       struct ctd_scope *scope, struct ctd_containers *out, struct ctd_error *err);
void ctd_containers_free(struct ctd_containers *containers);

/* Reads the record again. One RPC. */
int ctd_container_refresh(struct ctd_container *container, struct ctd_scope *scope, struct ctd_error *err);

/*
 * For the files of this floor: a task is created between begin and end, of which many may be under way, and the
 * container deleted between its own. A deletion waits for the tasks: the daemon can't delete one whose container is
 * gone. While the container is being deleted, a new task is CTD_FAILED_PRECONDITION.
 */
int ctd_container_begin_task(struct ctd_container *container, struct ctd_error *err);
void ctd_container_end_task(struct ctd_container *container);
int ctd_container_begin_delete(struct ctd_container *container, struct ctd_scope *scope, struct ctd_error *err);
void ctd_container_end_delete(struct ctd_container *container);

/* What is to change in a record; what isn't given stays as it is. */
struct ctd_container_changes {
  const json_t *spec;
  const char *image, *snapshot;
  const struct ctd_labels *labels;         /* all of them */
  const struct ctd_labels *labels_merged;  /* these alone; "" removes one; not beside `labels` */
  const struct ctd_extensions *extensions; /* these alone: the daemon can't remove one */
};

/* Changes the record in the daemon, and reads it again. */
int ctd_container_update(struct ctd_container *container, const struct ctd_container_changes *changes,
                         struct ctd_scope *scope, struct ctd_error *err);

/* Takes over what the daemon has told of the container; for the files of this floor. */
int ctd_container_renew(struct ctd_container *container,
                        const struct Containerd__Services__Containers__V1__Container *message, struct ctd_error *err);

/* CTD_FAILED_PRECONDITION while it has a task, even a stopped one; `snapshot`: its snapshot goes too. */
int ctd_container_delete(struct ctd_container *container, bool snapshot, struct ctd_scope *scope,
                         struct ctd_error *err);

/* What auto_delete does: kills and deletes a task if there is one, then the container and its snapshot. Missing parts
 * are fine. */
int ctd_container_destroy(struct ctd_container *container, struct ctd_scope *scope, struct ctd_error *err);

#ifdef __cplusplus
}
#endif

#endif
