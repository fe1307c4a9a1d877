/* What a caller asks for in a new container beyond its image, as changes of the OCI runtime spec. */
#ifndef CTD_OCI_RUNTIME_OPTIONS_H
#define CTD_OCI_RUNTIME_OPTIONS_H

#include "oci/image_config.h"
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A number or boolean whose every value means something. */
struct ctd_given {
  bool is;
  int64_t value;
};

/* A zeroed struct asks for nothing. All pointers are borrowed; lists are JSON arrays, tables JSON objects. */
struct ctd_runtime_options {
  /* process */
  const json_t *args;              /* strings: replaces the image's entrypoint and cmd */
  const json_t *command;           /* strings: replaces its cmd alone; not beside args */
  const json_t *env;               /* "KEY=value" and, to remove one, "KEY"; or a table of strings, false to remove */
  const char *env_file;            /* a file of such lines, of which blank ones and # comments don't count */
  const char *cwd;                 /* absolute */
  const char *user;                /* not applied here but looked up first: see ctd_user_lookup */
  const json_t *additional_groups; /* likewise: see ctd_user_lookup_groups */
  const json_t *rlimits;           /* {type, soft, hard}; replaces one of the same type */
  struct ctd_given oom_score_adj;  /* −1000 to 1000 */
  struct ctd_given no_new_privileges;
  const char *selinux_label;
  const char *apparmor; /* the name of a loaded profile */
  bool tty;

  /* identity */
  const char *hostname, *domainname;
  const json_t *annotations;         /* strings by name */
  const char *cgroup;                /* a path, or "slice:prefix:name" for systemd */
  const json_t *namespaces;          /* by type: "host" or false, a path, or true for a new one */
  const json_t *uid_maps, *gid_maps; /* {containerID, hostID, size} or "containerID:hostID:size"; a user namespace */

  /* filesystem */
  const json_t *mounts;                        /* objects as in the OCI spec and strings: see oci/runtime_mount.h */
  const json_t *tmpfs;                         /* "/path" or "/path:size=64m,mode=1777" */
  const json_t *masked_paths, *readonly_paths; /* absolute; replace the default's */
  const char *rootfs_propagation;              /* "private", "rslave" … */
  bool readonly;

  /* privileges */
  bool privileged;            /* all capabilities and devices, nothing masked or read-only */
  const json_t *capabilities; /* names, any case, "CAP_" optional, "ALL": these and no others */
  const json_t *cap_add;      /* such names */
  const json_t *cap_drop;     /* a name in both is dropped; "ALL" drops what the default has before any is added */
  const char *seccomp;        /* "default", "unconfined", or the path of a profile as in the OCI spec's linux.seccomp */
  const json_t *devices;      /* see oci/runtime_device.h */
  const json_t *device_rules; /* {allow, type, major, minor, access} or "c 1:3 rwm", which allows */
  const json_t *sysctls;      /* strings or integers by name */

  /* resources */
  int64_t memory, memory_reservation; /* bytes; 0: no limit */
  int64_t memory_swap;                /* bytes, memory and swap together; −1: no limit; 0: not set */
  double cpus;                        /* CPU seconds per second; 0: no limit */
  int64_t cpu_shares;                 /* 2 to 262144; 0: not set */
  int64_t cpu_quota, cpu_period;      /* microseconds; 0: not set; a quota of −1: no limit */
  const char *cpuset, *cpuset_mems;   /* "0-2,7" */
  int64_t pids_limit;                 /* −1: no limit; 0: not set */
  int64_t blkio_weight;               /* 10 to 1000; 0: not set */
  const json_t *hugepages;            /* bytes by page size: {"2MB": 4194304} */
  const char *rdt_class;              /* a resctrl group */
  const json_t *cgroup_v2;            /* values by file: {"memory.high": "64M"} */
};

/*
 * Applies the options to a spec that has its image applied already; `config` gives the entrypoint and may be NULL.
 * CTD_INVALID_ARGUMENT names the option and, for a capability or a mount option, the nearest valid spelling;
 * CTD_NOT_FOUND: env_file, seccomp's profile or a device isn't there.
 */
int ctd_runtime_options_apply(json_t *spec, const struct ctd_runtime_options *options,
                              const struct ctd_image_config *config, struct ctd_error *err);

#ifdef __cplusplus
}
#endif

#endif
