/* The methods that tasks and the other processes of containers have in common. */
#ifndef CTD_LUA_PROCESS_H
#define CTD_LUA_PROCESS_H

#include "lua/method.h"

extern const struct ctd_method ctd_process_start_method;
extern const struct ctd_method ctd_process_wait_method;
extern const struct ctd_method ctd_process_status_method;
extern const struct ctd_method ctd_process_kill_method;
extern const struct ctd_method ctd_process_resize_method;
extern const struct ctd_method ctd_process_close_stdin_method;
extern const struct ctd_method ctd_process_delete_method;

/* Of tasks alone; kill has the option `all`. */
extern const struct ctd_method ctd_task_kill_method;
extern const struct ctd_method ctd_process_attach_method;

#endif
