/*
 * What image archives say: Docker's manifest.json, the names of images, and the paths of files.
 * https://github.com/moby/docker-image-spec/blob/v1.3.1/v1.2.md (combined image JSON + filesystem changeset format)
 * https://github.com/opencontainers/image-spec/blob/v1.1.0/image-layout.md
 */
#ifndef CTD_OCI_ARCHIVE_H
#define CTD_OCI_ARCHIVE_H

#include "oci/descriptor.h"

/* Annotations of an index entry that name its image. */
#define CTD_ANNOTATION_IMAGE_NAME "io.containerd.image.name"
#define CTD_ANNOTATION_REF_NAME "org.opencontainers.image.ref.name"

#define CTD_OCI_INDEX "application/vnd.oci.image.index.v1+json"

/*
 * Parses manifest.json: an array of objects with "Config", a path, "Layers", an array of paths, and "RepoTags", one of
 * names or null. CTD_INVALID_ARGUMENT for what isn't that; *out is written on success only and the caller drops it.
 */
int ctd_docker_manifest_parse(json_t **out, const char *data, size_t size, struct ctd_error *err);

/* 0 if the text of an oci-layout file names the version that there is, 1.0.0; else CTD_INVALID_ARGUMENT. */
int ctd_layout_check(const char *data, size_t size, struct ctd_error *err);

/*
 * The path of a file in the archive, without "." and empty parts; `path` is relative to the folder of the file `base`
 * (NULL: to the archive). One that leads out of the archive is CTD_INVALID_ARGUMENT. The caller frees *out.
 */
int ctd_archive_path(char **out, const char *base, const char *path, struct ctd_error *err);

/*
 * The name that an index entry with these annotations gives its image: io.containerd.image.name as it is, or else
 * org.opencontainers.image.ref.name. To the latter, if it's a tag alone, `prefix` (NULL: none) is prepended; with
 * `only_prefix` a full name that doesn't begin with the prefix is none. *out NULL: no name. The caller frees *out.
 */
int ctd_archive_name(char **out, const json_t *annotations, const char *prefix, bool only_prefix,
                     struct ctd_error *err);

/*
 * What stands for the image in org.opencontainers.image.ref.name: what follows the first ":" or "@" in its path, or all
 * of the name if there is none. Borrowed from the name.
 */
const char *ctd_archive_tag(const char *name);

/* The name as Docker shows it, with a tag: "redis:latest". *out NULL: it's no reference. The caller frees *out. */
int ctd_archive_familiar(char **out, const char *name, struct ctd_error *err);

/* A descriptor as JSON, with its members in the order in which containerd writes them. The caller owns *out. */
int ctd_archive_descriptor(json_t **out, const struct ctd_descriptor *descriptor, struct ctd_error *err);

#endif
