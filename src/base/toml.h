/* Reading TOML (toml++) as JSON values. */
#ifndef CTD_BASE_TOML_H
#define CTD_BASE_TOML_H

#include "base/error.h"
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Parses a TOML document (https://toml.io/en/v1.0.0) to an object whose keys, and those of all tables in it, come in
 * the order of the source. Dates and times become strings in their TOML form. A fault in the text is
 * CTD_INVALID_ARGUMENT,
 * "<what>:<line>: …". The caller owns the result.
 */
int ctd_toml_parse(json_t **out, const char *text, size_t size, const char *what, struct ctd_error *err);

#ifdef __cplusplus
}
#endif

#endif
