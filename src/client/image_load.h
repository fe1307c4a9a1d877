/* From an image's target to what one platform needs of it: index, manifest and config, wherever their bytes come from.
 */
#ifndef CTD_CLIENT_IMAGE_LOAD_H
#define CTD_CLIENT_IMAGE_LOAD_H

#include "base/buffer.h"
#include "client/image.h"

#define CTD_MANIFEST_LIMIT ((size_t)4 << 20)
#define CTD_CONFIG_LIMIT ((size_t)8 << 20)

struct ctd_image_source {
  /* Gets the bytes of a blob, at most `limit`; `out` is zeroed. */
  int (*read)(void *context, const struct ctd_descriptor *descriptor, size_t limit, struct ctd_buffer *out,
              struct ctd_error *err);
  /* Told each blob once its bytes are known to be well-formed; `manifest` is NULL for the config. NULL: not told. */
  int (*keep)(void *context, const struct ctd_descriptor *descriptor, const struct ctd_buffer *bytes,
              const struct ctd_manifest *manifest, struct ctd_error *err);
  void *context;
};

/* `platform` as text; NULL: this host's. No match is CTD_UNSUPPORTED_PLATFORM. The caller frees *out. */
int ctd_image_load(const struct ctd_descriptor *target, const char *platform, const struct ctd_image_source *source,
                   struct ctd_image_content *out, struct ctd_error *err);

struct ctd_image_contents {
  struct ctd_image_content *items;
  size_t count;
};

/* The same for each platform of an array of strings (NULL: for `fallback` alone), a manifest that suits several once.
 */
int ctd_image_load_platforms(const struct ctd_descriptor *target, const json_t *platforms, const char *fallback,
                             const struct ctd_image_source *source, struct ctd_image_contents *out,
                             struct ctd_error *err);

/* Every manifest that there is, whatever it is for. What isn't an image has no config document. */
int ctd_image_load_all(const struct ctd_descriptor *target, const struct ctd_image_source *source,
                       struct ctd_image_contents *out, struct ctd_error *err);

void ctd_image_contents_free(struct ctd_image_contents *contents);

#endif
