/*
 * Platforms: for what an image is made, and which of several fits a host best.
 * Field names and values: https://github.com/opencontainers/image-spec/blob/v1.1.0/image-index.md (platform).
 */
#ifndef CTD_OCI_PLATFORM_H
#define CTD_OCI_PLATFORM_H

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A plain value, normalised by whatever makes it: "x86_64" is "amd64", arm64's "v8" is "". Absent fields are "". */
struct ctd_platform {
  char os[32], architecture[32], variant[32];
  bool needs_features; /* the image asks for os.features, which no platform here offers: it fits none */
};

#define CTD_PLATFORM_TEXT_SIZE 100 /* with the NUL */

/* "os/architecture[/variant]", or one of "linux" and "arm64" alone, completed from this host. */
int ctd_platform_parse(struct ctd_platform *out, const char *text, struct ctd_error *err);

/* From {os, architecture, variant, os.features}: an index entry's platform or an image config. NULL gives "" fields. */
int ctd_platform_from_json(struct ctd_platform *out, const json_t *object, struct ctd_error *err);

/* "os/architecture[/variant]" */
void ctd_platform_format(const struct ctd_platform *platform, char out[CTD_PLATFORM_TEXT_SIZE]);

/* Of the machine that this process runs on. */
void ctd_platform_host(struct ctd_platform *out);

/*
 * How well an image of platform `image` suits a host of platform `wanted`: 0 is exact, more is a fallback that the host
 * runs too (386 on amd64, lower arm versions), −1 doesn't fit. As `Only` of containerd's platforms package.
 */
int ctd_platform_rank(const struct ctd_platform *wanted, const struct ctd_platform *image);

#ifdef __cplusplus
}
#endif

#endif
