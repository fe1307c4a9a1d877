/*
 * Checkpoints: what a container is made of, and what its task was doing, as an image: an index of the container's image
 * and of blobs with types of containerd's own. Made and read as the Go client does.
 */
#ifndef CTD_CLIENT_CHECKPOINT_H
#define CTD_CLIENT_CHECKPOINT_H

#include "client/task.h"
#include "runc_options.pb-c.h"

/* The types of a checkpoint's parts. All but the first are a typed value (google.protobuf.Any) each. */
#define CTD_CHECKPOINT_MEMORY "application/vnd.containerd.container.criu.checkpoint.criu.tar"
#define CTD_CHECKPOINT_SPEC "application/vnd.containerd.container.checkpoint.config.v1+proto"
#define CTD_CHECKPOINT_TASK_OPTIONS "application/vnd.containerd.container.checkpoint.options.v1+proto"
#define CTD_CHECKPOINT_RUNTIME_OPTIONS "application/vnd.containerd.container.checkpoint.runtime.options+proto"

/* The annotations of a checkpoint. */
#define CTD_CHECKPOINT_IMAGE "org.opencontainers.image.ref.name"
#define CTD_CHECKPOINT_RUNTIME "io.containerd.checkpoint.runtime"
#define CTD_CHECKPOINT_SNAPSHOTTER "io.containerd.checkpoint.snapshotter"
#define CTD_CHECKPOINT_TASK_IMAGE "image.name" /* in one of a task, instead of these */

/* The parts that a checkpoint gets. */
struct ctd_checkpoint_options {
  bool image, runtime, rw; /* the image, the runtime's options, the writable layer */
  bool task;               /* the task as it runs; else the container's spec, which comes along with a task */
  bool exit;               /* the task ends */
};

/*
 * Makes a checkpoint of a container, an image `name` (CTD_ALREADY_EXISTS if there is one). On failure nothing stays.
 * The caller unrefs *out.
 */
int ctd_checkpoint_container(struct ctd_container *container, const char *name,
                             const struct ctd_checkpoint_options *options, struct ctd_scope *scope,
                             struct ctd_image **out, struct ctd_error *err);

/*
 * Makes a checkpoint of a task, with its image and writable layer, while it is paused. `name` NULL:
 * "containerd.io/checkpoint/<id>:<time>". With an image_path in the options the runtime leaves its files there, and
 * *out is NULL. The caller unrefs *out.
 */
int ctd_checkpoint_task(struct ctd_process *task, const char *name,
                        const Containerd__Runc__V1__CheckpointOptions *options, struct ctd_scope *scope,
                        struct ctd_image **out, struct ctd_error *err);

/* Reads the index of a checkpoint; of another image it's CTD_INVALID_ARGUMENT. The caller frees *out. */
int ctd_checkpoint_read(struct ctd_image *checkpoint, struct ctd_scope *scope, struct ctd_manifest *out,
                        struct ctd_error *err);

/* The part of this type, borrowed from the index; NULL: it has none. */
const struct ctd_descriptor *ctd_checkpoint_part(const struct ctd_manifest *index, const char *media_type);

/*
 * Makes a container of a checkpoint: on the image with the writable layer, with the spec and the runtime's options that
 * the checkpoint has. On failure nothing stays. The caller unrefs *out.
 */
int ctd_checkpoint_restore(struct ctd_client *client, const char *id, struct ctd_image *checkpoint,
                           struct ctd_scope *scope, struct ctd_container **out, struct ctd_error *err);

#endif
