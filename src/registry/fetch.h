/*
 * Pulling from a registry: one repository of one reference, its hosts tried in their order (mirrors first), with
 * authentication, resumption and retries (https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md).
 *
 * A struct ctd_registry is made for one pull and shared by its threads: hosts, tokens and what was learnt of the hosts
 * are common. Each thread has a session of its own (struct ctd_http), which keeps its connections open.
 *
 * Errors name the operation and the reference, "resolve docker.io/library/x:1: not found: 127.0.0.1:5000 answered 404",
 * and their details are an array of {host, url, status, error, tries}, one for each host that was tried (status and
 * error are its last answer; either may be absent). The code is the weightiest of these answers: CTD_DIGEST_MISMATCH,
 * CTD_OUT_OF_RANGE (more bytes than announced), CTD_UNAUTHENTICATED (401), CTD_PERMISSION_DENIED (403),
 * CTD_RESOURCE_EXHAUSTED (429), CTD_UNAVAILABLE (other answers), CTD_NOT_FOUND (404), and where no host answered
 * CTD_UNAVAILABLE, or CTD_CONNECTION_REFUSED if all refused. When the scope ends: its code, with the same details.
 */
#ifndef CTD_REGISTRY_FETCH_H
#define CTD_REGISTRY_FETCH_H

#include "base/buffer.h"
#include "base/clock.h"
#include "base/sha256.h"
#include "registry/auth.h"
#include "registry/http.h"
#include "registry/options.h"

struct ctd_registry;

/*
 * `domain` and `repository` as in the normalised reference ("docker.io", "library/redis"), `name` the whole reference
 * for messages. Reads the host configuration, and nothing from the network. The caller closes *out.
 */
int ctd_registry_open(struct ctd_registry **out, const char *domain, const char *repository, const char *name,
                      const struct ctd_registry_options *options, struct ctd_error *err);

/* After all threads are done with it. NULL is fine. */
void ctd_registry_close(struct ctd_registry *registry);

/* What a reference names now. */
struct ctd_resolved {
  char *media_type;             /* owned */
  char digest[CTD_DIGEST_SIZE]; /* computed from the bytes */
  struct ctd_buffer bytes;      /* the manifest or index as sent; its size is the descriptor's */
};

void ctd_resolved_free(struct ctd_resolved *resolved);

/*
 * Gets the manifest or index by `digest` (sha256), or by `tag` where `digest` is NULL: one GET, at most 4 MiB. What a
 * host sends under another digest than asked for or than it announces is refused, and the next host tried. A host that
 * can't be reached is not tried again. The caller frees *out.
 */
int ctd_registry_resolve(struct ctd_registry *registry, struct ctd_http *http, struct ctd_scope *scope, const char *tag,
                         const char *digest, struct ctd_resolved *out, struct ctd_error *err);

/* What to fetch: a part of a descriptor, all borrowed. */
struct ctd_blob {
  const char *media_type, *digest;
  int64_t size;
  const char *const *urls; /* a foreign layer's own addresses, tried first; NULL or ended by NULL */
};

/* Takes the next bytes; they are the transport's own and stay valid during the call. −1 with *err ends the fetch. */
typedef int (*ctd_blob_sink)(void *context, const void *data, size_t size, struct ctd_error *err);

/*
 * Streams a blob (a manifest or index too) from `offset` to its size: `sink` gets each byte once and in order. A
 * transfer that was cut or stalled goes on where it stopped, from the same host or the next. 0 means that all bytes
 * came; the caller verifies the digest, for it may have the first part from elsewhere. If the bytes turn out wrong,
 * ctd_registry_reject makes the next fetch of it avoid the host they came from. An error of the sink is returned as it
 * is.
 */
int ctd_registry_fetch(struct ctd_registry *registry, struct ctd_http *http, struct ctd_scope *scope,
                       const struct ctd_blob *blob, int64_t offset, ctd_blob_sink sink, void *context,
                       struct ctd_error *err);

/*
 * The same, but what is wanted ends before `end`. A host that doesn't serve parts sends all of the blob, and the sink
 * gets it to its end.
 */
int ctd_registry_fetch_part(struct ctd_registry *registry, struct ctd_http *http, struct ctd_scope *scope,
                            const struct ctd_blob *blob, int64_t offset, int64_t end, ctd_blob_sink sink, void *context,
                            struct ctd_error *err);

/*
 * The bytes of `digest` were wrong: the hosts that sent them aren't asked for it again. When no other is left, or all
 * others fail, fetching it fails with CTD_DIGEST_MISMATCH, and tells of them all.
 */
void ctd_registry_reject(struct ctd_registry *registry, const char *digest);

#endif
