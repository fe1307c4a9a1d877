/*
 * Image references as Docker writes them: [domain/]path[:tag][@digest].
 * Grammar: https://pkg.go.dev/github.com/distribution/reference
 */
#ifndef CTD_OCI_REFERENCE_H
#define CTD_OCI_REFERENCE_H

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/* All owned. `name` is the full name by which containerd knows the image: "docker.io/library/redis:latest". */
struct ctd_reference {
  char *domain; /* with its port: "localhost:5000" */
  char *path;   /* "library/redis" */
  char *tag;    /* NULL beside a digest alone; else as given or "latest" */
  char *digest; /* NULL without one */
  char *name;   /* domain/path[:tag][@digest] */
};

/*
 * Parses and completes a reference: no domain is docker.io, no directory on docker.io is library/, no tag and no digest
 * is the tag latest. CTD_INVALID_ARGUMENT says what is wrong. *out is written on success only; the caller frees it.
 */
int ctd_reference_parse(struct ctd_reference *out, const char *text, struct ctd_error *err);

/* Frees what the struct owns and zeroes it; a zeroed one is fine. */
void ctd_reference_free(struct ctd_reference *reference);

#ifdef __cplusplus
}
#endif

#endif
