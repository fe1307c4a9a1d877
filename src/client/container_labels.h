/* The labels of a new container. */
#ifndef CTD_CLIENT_CONTAINER_LABELS_H
#define CTD_CLIENT_CONTAINER_LABELS_H

#include "client/labels.h"
#include "oci/image_config.h"

/* Adds the labels of the image's config, except those that are about the image, and its stop signal. */
int ctd_container_labels_from_image(struct ctd_labels *labels, const struct ctd_image_config *config,
                                    struct ctd_error *err);

/*
 * Adds what has the daemon's monitor restart the container: `policy` is "always", "on-failure", "on-failure:3" (at most
 * so often), "unless-stopped" or "no". CTD_INVALID_ARGUMENT: another one.
 * https://pkg.go.dev/github.com/containerd/containerd/v2/core/runtime/restart
 */
int ctd_container_labels_restart(struct ctd_labels *labels, const char *policy, struct ctd_error *err);

#endif
