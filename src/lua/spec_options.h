/* Options for the OCI spec that are options of several methods: new_container, and what changes or adds to its task. */
#ifndef CTD_LUA_SPEC_OPTIONS_H
#define CTD_LUA_SPEC_OPTIONS_H

#include "lua/options.h"
#include "oci/runtime_options.h"

/*
 * Entries for a table of options; `at` gives where a member of struct ctd_runtime_options is in the request. What a
 * process is, of those that the runtime heeds for all of them:
 */
/* clang-format off */
#define CTD_PROCESS_OPTIONS(at)                                                                                        \
  {"args", ctd_read_strings, at(args), false}, {"env", ctd_read_env, at(env), false},                                  \
      {"env_file", ctd_read_string, at(env_file), false}, {"cwd", ctd_read_string, at(cwd), false},                    \
      {"user", ctd_read_string, at(user), false},                                                                      \
      {"additional_groups", ctd_read_array, at(additional_groups), false},                                             \
      {"rlimits", ctd_read_array, at(rlimits), false},                                                                 \
      {"no_new_privileges", ctd_read_given_boolean, at(no_new_privileges), false},                                     \
      {"selinux_label", ctd_read_string, at(selinux_label), false},                                                    \
      {"apparmor", ctd_read_string, at(apparmor), false}, {"capabilities", ctd_read_strings, at(capabilities), false}, \
      {"cap_add", ctd_read_strings, at(cap_add), false},                                                               \
      {"cap_drop", ctd_read_strings, at(cap_drop), false}
/* clang-format on */

/* What a container may use. */
/* clang-format off */
#define CTD_LIMIT_OPTIONS(at)                                                                                          \
  {"memory", ctd_read_limit, at(memory), false}, {"memory_swap", ctd_read_limit_or_none, at(memory_swap), false},      \
      {"memory_reservation", ctd_read_limit, at(memory_reservation), false},                                           \
      {"cpus", ctd_read_number, at(cpus), false}, {"cpu_shares", ctd_read_positive, at(cpu_shares), false},            \
      {"cpu_quota", ctd_read_quota, at(cpu_quota), false}, {"cpu_period", ctd_read_positive, at(cpu_period), false},   \
      {"cpuset", ctd_read_string, at(cpuset), false}, {"cpuset_mems", ctd_read_string, at(cpuset_mems), false},        \
      {"pids_limit", ctd_read_positive_or_none, at(pids_limit), false},                                                \
      {"blkio_weight", ctd_read_positive, at(blkio_weight), false},                                                    \
      {"hugepages", ctd_read_hugepages, at(hugepages), false},                                                         \
      {"cgroup_v2", ctd_read_named_strings, at(cgroup_v2), false}
/* clang-format on */

/* Their readers: struct ctd_given. */
void ctd_read_given_integer(lua_State *L, int index, struct ctd_op *op, const char *name, void *target);
void ctd_read_given_boolean(lua_State *L, int index, struct ctd_op *op, const char *name, void *target);

/* int64_t, of which 0 means that it isn't given: none of them reads that; −1 means that there is no limit. */
void ctd_read_limit(lua_State *L, int index, struct ctd_op *op, const char *name, void *target); /* bytes */
void ctd_read_limit_or_none(lua_State *L, int index, struct ctd_op *op, const char *name, void *target);
void ctd_read_positive(lua_State *L, int index, struct ctd_op *op, const char *name, void *target);
void ctd_read_positive_or_none(lua_State *L, int index, struct ctd_op *op, const char *name, void *target);
void ctd_read_quota(lua_State *L, int index, struct ctd_op *op, const char *name, void *target);

/* json_t *: sizes by page sizes. */
void ctd_read_hugepages(lua_State *L, int index, struct ctd_op *op, const char *name, void *target);

#endif
