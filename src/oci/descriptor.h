/*
 * Descriptors: what points to a blob by its digest.
 * https://github.com/opencontainers/image-spec/blob/v1.1.0/descriptor.md
 */
#ifndef CTD_OCI_DESCRIPTOR_H
#define CTD_OCI_DESCRIPTOR_H

#include "oci/platform.h"
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ctd_descriptor {
  char *media_type, *digest; /* owned */
  int64_t size;              /* bytes */
  bool has_platform;
  struct ctd_platform platform;
  json_t *annotations; /* owned; object of strings, or NULL */
  json_t *urls;        /* owned; array of strings, or NULL */
};

/*
 * Reads a descriptor strictly: mediaType and a well-formed digest are there, size is ≥ 0, annotations and urls are
 * strings. What doesn't hold is CTD_INVALID_ARGUMENT. *out is written on success only; the caller frees it.
 */
int ctd_descriptor_from_json(struct ctd_descriptor *out, const json_t *object, struct ctd_error *err);

/* One without platform, annotations and urls. The strings are copied and checked as above. */
int ctd_descriptor_make(struct ctd_descriptor *out, const char *media_type, const char *digest, int64_t size,
                        struct ctd_error *err);

/* A copy of its own (annotations and urls are shared by reference; nobody changes them). */
int ctd_descriptor_copy(struct ctd_descriptor *out, const struct ctd_descriptor *from, struct ctd_error *err);

/* Frees what the struct owns and zeroes it; a zeroed one is fine. */
void ctd_descriptor_free(struct ctd_descriptor *descriptor);

/* What a media type says. Manifests and indexes are OCI's and Docker's (schema 2, manifest list). */
bool ctd_media_type_is_index(const char *media_type);
bool ctd_media_type_is_manifest(const char *media_type);
bool ctd_media_type_is_config(const char *media_type);
bool ctd_media_type_is_layer(const char *media_type);
bool ctd_media_type_is_foreign(const char *media_type); /* a layer that registries may not hold: see its urls */

/*
 * The name under which containerd's clients ingest the blob, so that two of them share one download: "layer-sha256:…",
 * or "layer-<name>@sha256:…" for a descriptor annotated with org.opencontainers.image.ref.name. The caller frees it.
 */
int ctd_descriptor_ref(char **out, const struct ctd_descriptor *descriptor, struct ctd_error *err);

#ifdef __cplusplus
}
#endif

#endif
