/*
 * Transfers that the daemon does by itself, since 1.7: between registries, its image store, and archives that travel
 * through its client (containerd.services.transfer.v1).
 */
#ifndef CTD_CLIENT_TRANSFER_H
#define CTD_CLIENT_TRANSFER_H

#include "client/content_ingest.h"
#include "client/image.h"
#include "client/pull.h"
#include "client/sink.h"
#include "registry/options.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An image in a registry. */
struct ctd_transfer_registry {
  const char *reference;          /* completed: "redis" works */
  struct ctd_auth_options auth;   /* what the daemon asks for is always answered, if need be by none */
  struct ctd_labels headers;      /* of all requests */
  const char *hosts_dir;          /* where the daemon finds it; NULL: the client's; from 2.x on */
  enum ctd_plain_http plain_http; /* before 2.x always CTD_PLAIN_HTTP_OFF */
};

/* How a destination names what it gets, beside its own name. */
struct ctd_transfer_reference {
  const char *name;
  bool prefix;     /* names that the archive gives count: full ones that begin with it, and tags, put behind it */
  bool overwrite;  /* of a prefix: all full names do */
  bool add_digest; /* of a prefix: so does "<prefix>@<digest>", */
  bool skip_named; /* but not for what has a name already */
};

/* Images in the daemon's store. */
struct ctd_transfer_image {
  const char *name;         /* NULL: none but what `references` give */
  struct ctd_labels labels; /* of what a destination gets */
  const json_t *platforms;  /* array of strings; NULL: a destination's is the client's, a source's are all */
  bool all_platforms;       /* instead */
  bool all_metadata;        /* manifests and configs of other platforms, too */
  int manifest_limit;       /* how many manifests of an index; 0: all that fit */
  bool unpack;              /* a destination's, for its platforms, as far as the daemon unpacks for these by itself */
  const char *snapshotter;  /* for that; NULL: the default one */
  const struct ctd_transfer_reference *references;
  size_t reference_count;
};

/* An archive: a source has `source`, a destination has `sink`. */
struct ctd_transfer_archive {
  const struct ctd_source *source;
  const struct ctd_sink *sink;
  const char *media_type;    /* NULL: the daemon finds out */
  bool force_compress;       /* of a source: layers that aren't compressed are, in the store */
  const json_t *platforms;   /* of a destination, array of strings; NULL: the daemon's */
  bool all_platforms;        /* instead */
  bool skip_docker_manifest; /* as in struct ctd_export_options, and the next */
  bool skip_non_distributable;
};

enum ctd_transfer_kind { CTD_TRANSFER_REGISTRY, CTD_TRANSFER_IMAGE, CTD_TRANSFER_ARCHIVE };

/* What a transfer goes from or to. All borrowed. */
struct ctd_transfer_end {
  enum ctd_transfer_kind kind;
  union {
    struct ctd_transfer_registry registry;
    struct ctd_transfer_image image;
    struct ctd_transfer_archive archive;
  };
};

/*
 * Transfers: from a registry to images is a pull, back a push; from an archive to images an import, back an export;
 * from an image to another a tag; from an archive to another its bytes as they are. Other pairs, and any from a daemon
 * before 1.7, are CTD_UNIMPLEMENTED. When the source, the sink or the credentials fail, that is the error, and the
 * transfer ends; in any case nothing of it stays under way in the daemon, under whose lease it was. *out is what came
 * to be in the store, empty for other destinations; the caller frees it.
 */
int ctd_transfer(struct ctd_client *client, const struct ctd_transfer_end *source,
                 const struct ctd_transfer_end *destination, const struct ctd_progress_listener *listener,
                 struct ctd_scope *scope, struct ctd_images *out, struct ctd_error *err);

/* For the files of this floor: the same, but its errors don't say that it was a transfer, and of what. */
int ctd_transfer_plainly(struct ctd_client *client, const struct ctd_transfer_end *source,
                         const struct ctd_transfer_end *destination, const struct ctd_progress_listener *listener,
                         struct ctd_scope *scope, struct ctd_images *out, struct ctd_error *err);

#ifdef __cplusplus
}
#endif

#endif
