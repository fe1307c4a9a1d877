/*
 * A runtime's options as messages: containerd.runc.v1.Options, and runtimeoptions.v1.Options for runtimes that read a
 * configuration file. Fields are named as in the messages.
 */
#ifndef CTD_CLIENT_RUNTIME_MESSAGE_H
#define CTD_CLIENT_RUNTIME_MESSAGE_H

#include "client/typed.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Packs a JSON object of booleans, strings and integers; one with type_url, config_path or config_body is of the latter
 * type. CTD_INVALID_ARGUMENT names the field. The caller frees *out.
 */
int ctd_runtime_message_pack(struct ctd_typed *out, const json_t *fields, struct ctd_error *err);

/* The fields that are set, as an object; NULL for a type that isn't one of these. The caller owns *out. */
int ctd_runtime_message_unpack(json_t **out, const struct ctd_typed *typed, struct ctd_error *err);

#ifdef __cplusplus
}
#endif

#endif
