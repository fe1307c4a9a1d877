/* What a caller asks for in a new container beyond its image, as changes of the OCI runtime spec. */
#ifndef CTD_OCI_RUNTIME_OPTIONS_H
#define CTD_OCI_RUNTIME_OPTIONS_H

#include "oci/image_config.h"
#include <stdint.h>

/* A zeroed struct asks for nothing. All pointers are borrowed. */
struct ctd_runtime_options {
  const json_t *args;    /* array of strings: replaces the image's entrypoint and cmd */
  const json_t *command; /* array of strings: replaces its cmd alone; not beside args */
  const json_t *env;     /* array of "KEY=value" and, to remove one, "KEY"; or object of strings, false to remove */
  const char *cwd;       /* absolute */
  const char *user;      /* not applied here but looked up first: see ctd_user_lookup */
  const char *hostname;
  const json_t *mounts;   /* array of objects as in the OCI spec and of strings: see oci/runtime_mount.h */
  const json_t *cap_add;  /* arrays of names, any case, "CAP_" optional; "ALL" */
  const json_t *cap_drop; /* a name in both is dropped; "ALL" drops what the default has before any is added */
  int64_t memory;         /* bytes; 0: no limit */
  double cpus;            /* CPU seconds per second; 0: no limit */
  int64_t pids_limit;     /* 0: none is set */
  bool tty, readonly;
};

/*
 * Applies the options to a spec that has its image applied already; `config` gives the entrypoint and may be NULL.
 * CTD_INVALID_ARGUMENT names the option and, for a capability or a mount option, the nearest valid spelling.
 */
int ctd_runtime_options_apply(json_t *spec, const struct ctd_runtime_options *options,
                              const struct ctd_image_config *config, struct ctd_error *err);

#endif
