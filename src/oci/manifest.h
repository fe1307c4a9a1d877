/*
 * Image manifests and indexes, OCI's and Docker's (schema 2, manifest list).
 * https://github.com/opencontainers/image-spec/blob/v1.1.0/manifest.md and image-index.md
 */
#ifndef CTD_OCI_MANIFEST_H
#define CTD_OCI_MANIFEST_H

#include "oci/descriptor.h"

#ifdef __cplusplus
extern "C" {
#endif

struct ctd_manifest {
  bool is_index;
  struct ctd_descriptor config; /* of a manifest */
  struct ctd_descriptor *layers;
  size_t layer_count;
  struct ctd_descriptor *manifests; /* of an index */
  size_t manifest_count;
  bool has_subject;
  struct ctd_descriptor subject;
  json_t *annotations; /* object of strings, or NULL */
};

/*
 * Parses the blob that a descriptor with this media type points to. Refused with CTD_INVALID_ARGUMENT: schema 1, an
 * index where a manifest is expected and the reverse, and one that is both (two readers would see two images),
 * duplicate keys, a missing config or list, any faulty descriptor; another media type with CTD_UNIMPLEMENTED.
 * *out is written on success only; the caller frees it. How large `data` may be is the caller's to say.
 */
int ctd_manifest_parse(struct ctd_manifest *out, const char *media_type, const char *data, size_t size,
                       struct ctd_error *err);

/* Frees what the struct owns and zeroes it; a zeroed one is fine. */
void ctd_manifest_free(struct ctd_manifest *manifest);

/*
 * The entry of an index that suits the platform best; of equals the first. An entry without a platform suits any
 * platform, after all that name one: its image config has yet to be compared (ctd_image_config_check_platform).
 * Borrowed from the index. None: CTD_UNSUPPORTED_PLATFORM, which lists what the index has.
 */
int ctd_manifest_select(const struct ctd_manifest *index, const struct ctd_platform *wanted,
                        const struct ctd_descriptor **out, struct ctd_error *err);

#ifdef __cplusplus
}
#endif

#endif
