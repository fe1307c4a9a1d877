/* The labels by which the daemon's collector knows what a blob refers to. */
#ifndef CTD_CLIENT_GC_LABELS_H
#define CTD_CLIENT_GC_LABELS_H

#include "client/labels.h"
#include "oci/manifest.h"

/*
 * Adds the labels that an index or manifest has for its children: containerd.io/gc.ref.content.config, …content.l.<i>
 * for layers, …content.m.<i> for manifests and …content.<i> for others, counted in the order of the document. An index
 * has them for all of its manifests, also those that are never fetched.
 */
int ctd_gc_labels(struct ctd_labels *labels, const struct ctd_manifest *manifest, struct ctd_error *err);

#endif
