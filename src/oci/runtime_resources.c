#include "base/json.h"
#include "oci/runtime_option.h"
#include "oci/runtime_spec.h"
#include <limits.h>
#include <string.h>

/* What CPU quotas are shares of, in microseconds. */
enum { CPU_PERIOD = 100000, CPU_QUOTA_LEAST = 1000, CPU_PERIOD_MOST = 1000000 };

static int put_memory(json_t *spec, const char *key, int64_t bytes, struct ctd_error *err) {
  return ctd_runtime_option_put(spec, "linux.resources.memory", key, json_integer(bytes), err);
}

static int put_cpu(json_t *spec, const char *key, int64_t value, struct ctd_error *err) {
  return ctd_runtime_option_put(spec, "linux.resources.cpu", key, json_integer(value), err);
}

static int apply_memory(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  if (!options->memory)
    return 0;
  if (options->memory < 0)
    return ctd_runtime_option_invalid("memory", "a number of bytes", err);
  return put_memory(spec, "limit", options->memory, err);
}

static int apply_memory_swap(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  int64_t swap = options->memory_swap;
  if (!swap)
    return 0;
  if (swap < -1 || (swap > 0 && swap < options->memory))
    return ctd_runtime_option_invalid("memory_swap", "as much as memory or more, or -1 for no limit", err);
  return put_memory(spec, "swap", swap, err);
}

static int apply_memory_reservation(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  int64_t reservation = options->memory_reservation;
  if (!reservation)
    return 0;
  if (reservation < 0 || (options->memory && reservation > options->memory))
    return ctd_runtime_option_invalid("memory_reservation", "a number of bytes, no more than memory", err);
  return put_memory(spec, "reservation", reservation, err);
}

static int apply_cpus(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  if (options->cpus == 0)
    return 0;
  if (options->cpu_quota || options->cpu_period)
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "cpus stands for cpu_quota and cpu_period: give either");
  if (!(options->cpus * CPU_PERIOD >= CPU_QUOTA_LEAST && options->cpus <= INT_MAX))
    return ctd_runtime_option_invalid("cpus", "a number of CPUs from 0.01 on", err);
  if (put_cpu(spec, "quota", (int64_t)(options->cpus * CPU_PERIOD), err))
    return -1;
  return put_cpu(spec, "period", CPU_PERIOD, err);
}

static int apply_cpu_shares(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  if (!options->cpu_shares)
    return 0;
  if (options->cpu_shares < 2 || options->cpu_shares > 262144)
    return ctd_runtime_option_invalid("cpu_shares", "an integer from 2 to 262144", err);
  return put_cpu(spec, "shares", options->cpu_shares, err);
}

static int apply_cpu_quota(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  if (!options->cpu_quota)
    return 0;
  if (options->cpu_quota < CPU_QUOTA_LEAST && options->cpu_quota != -1)
    return ctd_runtime_option_invalid("cpu_quota", "1000 microseconds or more, or -1 for no limit", err);
  return put_cpu(spec, "quota", options->cpu_quota, err);
}

static int apply_cpu_period(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  if (!options->cpu_period)
    return 0;
  if (options->cpu_period < CPU_QUOTA_LEAST || options->cpu_period > CPU_PERIOD_MOST)
    return ctd_runtime_option_invalid("cpu_period", "1000 to 1000000 microseconds", err);
  return put_cpu(spec, "period", options->cpu_period, err);
}

/* https://man7.org/linux/man-pages/man7/cpuset.7.html, list format */
static int put_set(json_t *spec, const char *option, const char *key, const char *set, struct ctd_error *err) {
  if (!set)
    return 0;
  if (!*set || strspn(set, "0123456789-,") != strlen(set))
    return ctd_runtime_option_invalid(option, "a list of numbers and ranges, \"0-2,7\"", err);
  return ctd_runtime_option_put_string(spec, "linux.resources.cpu", key, set, err);
}

static int apply_cpuset(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  return put_set(spec, "cpuset", "cpus", options->cpuset, err);
}

static int apply_cpuset_mems(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  return put_set(spec, "cpuset_mems", "mems", options->cpuset_mems, err);
}

static int apply_pids_limit(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  if (!options->pids_limit)
    return 0;
  if (options->pids_limit < -1)
    return ctd_runtime_option_invalid("pids_limit", "a number of processes, or -1 for no limit", err);
  return ctd_runtime_option_put(spec, "linux.resources.pids", "limit", json_integer(options->pids_limit), err);
}

static int apply_blkio_weight(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  if (!options->blkio_weight)
    return 0;
  if (options->blkio_weight < 10 || options->blkio_weight > 1000)
    return ctd_runtime_option_invalid("blkio_weight", "an integer from 10 to 1000", err);
  return ctd_runtime_option_put(spec, "linux.resources.blockIO", "weight", json_integer(options->blkio_weight), err);
}

/* "2MB", "1GB": the sizes as the cgroup's files are named. */
static bool is_page_size(const char *size) {
  size_t digits = strspn(size, "0123456789");
  const char *unit = size + digits;
  return digits && *size != '0' && (*unit == 'K' || *unit == 'M' || *unit == 'G') && !strcmp(unit + 1, "B");
}

static int apply_hugepages(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  const char *size;
  json_t *limits, *value;
  if (!options->hugepages)
    return 0;
  if (!json_is_object(options->hugepages))
    return ctd_runtime_option_invalid("hugepages", "bytes by page size", err);
  if (!(limits = ctd_runtime_option_array(spec, "linux.resources", "hugepageLimits", err)))
    return -1;
  json_object_foreach((json_t *)options->hugepages, size, value) {
    if (!is_page_size(size) || !json_is_integer(value) || json_integer_value(value) < 0)
      return ctd_error_set(err, CTD_INVALID_ARGUMENT, "hugepages: \"%s\": want bytes by page size, \"2MB\"", size);
    if (ctd_json_add(limits, json_pack("{s:s, s:O}", "pageSize", size, "limit", value), err))
      return -1;
  }
  return 0;
}

static int apply_rdt_class(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  const char *name = options->rdt_class;
  if (!name)
    return 0;
  if (!*name || strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, ".."))
    return ctd_runtime_option_invalid("rdt_class", "the name of a class", err);
  return ctd_runtime_option_put_string(spec, "linux.intelRdt", "closID", name, err);
}

static int apply_cgroup_v2(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err) {
  const char *file;
  json_t *value;
  if (!options->cgroup_v2)
    return 0;
  if (!json_is_object(options->cgroup_v2))
    return ctd_runtime_option_invalid("cgroup_v2", "strings by files", err);
  json_object_foreach((json_t *)options->cgroup_v2, file, value) {
    if (!strchr(file, '.') || strchr(file, '/') || !json_is_string(value))
      return ctd_error_set(err, CTD_INVALID_ARGUMENT, "cgroup_v2: \"%s\": want strings by files, \"memory.high\"",
                           file);
    if (ctd_runtime_option_put(spec, "linux.resources.unified", file, json_incref(value), err))
      return -1;
  }
  return 0;
}

const ctd_runtime_applier ctd_runtime_resources[] = {
    apply_memory,     apply_memory_swap,  apply_memory_reservation,
    apply_cpus,       apply_cpu_shares,   apply_cpu_quota,
    apply_cpu_period, apply_cpuset,       apply_cpuset_mems,
    apply_pids_limit, apply_blkio_weight, apply_hugepages,
    apply_rdt_class,  apply_cgroup_v2,    NULL,
};
