/* What a sandbox's methods and those of client:sandboxes() share. */
#ifndef CTD_LUA_SANDBOX_H
#define CTD_LUA_SANDBOX_H

#include "client/sandbox.h"
#include "lua/op.h"

/* The controller's part: of a sandbox, and by the id of one. */
extern const struct ctd_method ctd_sandbox_start_method, ctd_sandbox_wait_method, ctd_sandbox_status_method,
    ctd_sandbox_stop_method, ctd_sandbox_delete_method;
extern const struct ctd_method ctd_sandboxes_start_method, ctd_sandboxes_wait_method, ctd_sandboxes_status_method,
    ctd_sandboxes_stop_method, ctd_sandboxes_delete_method;

#endif
