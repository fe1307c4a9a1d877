/* What the options of oci/runtime_options.h have in common; for the files that apply them. */
#ifndef CTD_OCI_RUNTIME_OPTION_H
#define CTD_OCI_RUNTIME_OPTION_H

#include "oci/runtime_options.h"

/* Applies one option, if it's given. */
typedef int (*ctd_runtime_applier)(json_t *spec, const struct ctd_runtime_options *options, struct ctd_error *err);

/* The options by their groups, in the order in which they are applied; each ends in NULL. */
extern const ctd_runtime_applier ctd_runtime_privileges[], ctd_runtime_process[], ctd_runtime_identity[],
    ctd_runtime_filesystem[], ctd_runtime_resources[];

/* "<option>: want <want>", CTD_INVALID_ARGUMENT; −1. */
int ctd_runtime_option_invalid(const char *option, const char *want, struct ctd_error *err);

/* The same for a word that isn't one of `count` words, with the nearest of them. */
int ctd_runtime_option_unknown(const char *option, const char *word, const char *const *words, size_t count,
                               struct ctd_error *err);

/* Whether it's an array of strings. */
bool ctd_runtime_option_is_strings(const json_t *list);

/* Sets `key` of the object at `path` ("linux.resources"), to a value that is taken over in any case or to a string. */
int ctd_runtime_option_put(json_t *spec, const char *path, const char *key, json_t *value, struct ctd_error *err);
int ctd_runtime_option_put_string(json_t *spec, const char *path, const char *key, const char *text,
                                  struct ctd_error *err);

/* The array `key` of the object at `path`, made where it's absent. Borrowed; NULL and *err set if that can't be. */
json_t *ctd_runtime_option_array(json_t *spec, const char *path, const char *key, struct ctd_error *err);

/* A file of at most 1 MiB as a text that the caller frees; "<option>: <path>: …". */
int ctd_runtime_option_read(const char *option, const char *path, char **out, struct ctd_error *err);

#endif
