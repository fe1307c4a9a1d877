#include "oci/runtime_capability.h"
#include "base/json.h"
#include "base/nearest.h"
#include "oci/runtime_spec.h"
#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>

/* By number, without "CAP_": linux/capability.h. */
static const char *const names[] = {
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
};
enum { COUNT = sizeof names / sizeof *names };

/* A list of names as bits. */
struct list {
  bool all;
  uint64_t bits;
};

/* The capability's number, or −1. */
static int number_of(const char *name) {
  if (!strncasecmp(name, "CAP_", 4))
    name += 4;
  for (int i = 0; i < COUNT; i++)
    if (!strcasecmp(name, names[i]))
      return i;
  return -1;
}

static int unknown(const char *option, const char *name, struct ctd_error *err) {
  char upper[64] = "";
  const char *bare = strncasecmp(name, "CAP_", 4) ? name : name + 4, *nearest;
  for (size_t i = 0; bare[i] && i < sizeof upper - 1; i++)
    upper[i] = (char)toupper((unsigned char)bare[i]);
  nearest = ctd_nearest(upper, names, COUNT);
  return ctd_error_set(err, CTD_INVALID_ARGUMENT, "%s: unknown capability \"%s\"%s%s%s", option, name,
                       nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

static int list_read(struct list *list, const json_t *array, const char *option, struct ctd_error *err) {
  json_t *value;
  size_t i;
  if (array && !json_is_array(array))
    return ctd_error_set(err, CTD_INVALID_ARGUMENT, "%s: want an array of names", option);
  json_array_foreach(array, i, value) {
    const char *name = json_string_value(value);
    if (!name)
      return ctd_error_set(err, CTD_INVALID_ARGUMENT, "%s: want an array of names", option);
    int number = number_of(name);
    if (!strcasecmp(name, "ALL"))
      list->all = true;
    else if (number >= 0)
      list->bits |= UINT64_C(1) << number;
    else
      return unknown(option, name, err);
  }
  return 0;
}

static bool list_has(const struct list *list, int number) {
  return number >= 0 && (list->bits >> number & 1);
}

static int append(json_t *set, int number, struct ctd_error *err) {
  return ctd_json_add(set, json_sprintf("CAP_%s", names[number]), err);
}

/* What was there and stays, in its order, then what is added, by number. */
static int set_fill(json_t *set, const json_t *before, const struct list *add, const struct list *drop,
                    struct ctd_error *err) {
  struct list done = {.bits = drop->bits};
  json_t *value;
  size_t i;
  json_array_foreach(before, i, value) {
    int number = json_is_string(value) ? number_of(json_string_value(value)) : -1;
    if (drop->all || add->all || list_has(&done, number))
      continue;
    if (ctd_json_add(set, json_incref(value), err))
      return -1;
    if (number >= 0)
      done.bits |= UINT64_C(1) << number;
  }
  for (int number = 0; number < COUNT; number++) {
    bool wanted = list_has(add, number) || (add->all && prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1);
    if (wanted && !list_has(&done, number) && append(set, number, err))
      return -1;
  }
  return 0;
}

/* An empty set is left out of the spec. */
static int set_change(json_t *sets, const char *key, const struct list *add, const struct list *drop,
                      struct ctd_error *err) {
  json_t *before, *set;
  if (ctd_json_array(sets, key, &before, err))
    return -1;
  if (!(set = json_array()))
    return ctd_error_nomem(err);
  if (set_fill(set, before, add, drop, err)) {
    json_decref(set);
    return -1;
  }
  if (json_array_size(set))
    return ctd_json_put(sets, key, set, err);
  json_decref(set);
  json_object_del(sets, key);
  return 0;
}

static int sets_change(json_t *spec, const struct list *add, const struct list *drop, struct ctd_error *err) {
  json_t *sets = ctd_runtime_spec_at(spec, "process.capabilities", err);
  return !sets || set_change(sets, "bounding", add, drop, err) || set_change(sets, "effective", add, drop, err) ||
                 set_change(sets, "permitted", add, drop, err)
             ? -1
             : 0;
}

int ctd_runtime_capabilities_change(json_t *spec, const json_t *add, const json_t *drop, struct ctd_error *err) {
  struct list added = {0}, dropped = {0};
  if (list_read(&added, add, "cap_add", err) || list_read(&dropped, drop, "cap_drop", err))
    return -1;
  return sets_change(spec, &added, &dropped, err);
}

int ctd_runtime_capabilities_set(json_t *spec, const json_t *list, struct ctd_error *err) {
  const struct list everything = {.all = true};
  struct list wanted = {0};
  return list_read(&wanted, list, "capabilities", err) || sets_change(spec, &wanted, &everything, err) ? -1 : 0;
}
