/* The types of objects, by the noun that they wrap. */
#ifndef CTD_LUA_TYPES_H
#define CTD_LUA_TYPES_H

#include "lua/object.h"

extern const struct ctd_type ctd_client_type;    /* struct ctd_client */
extern const struct ctd_type ctd_image_type;     /* struct ctd_image */
extern const struct ctd_type ctd_container_type; /* struct ctd_container */
extern const struct ctd_type ctd_task_type;      /* struct ctd_process */
extern const struct ctd_type ctd_process_type;   /* struct ctd_process */
extern const struct ctd_type ctd_stream_type;    /* struct ctd_pipe */

/* Methods that have a file of their own. */
extern const struct ctd_method ctd_connect_method;
extern const struct ctd_method ctd_pull_method;
extern const struct ctd_method ctd_new_container_method;
extern const struct ctd_method ctd_new_task_method;
extern const struct ctd_method ctd_exec_method;
extern const struct ctd_method ctd_metrics_method;
extern const struct ctd_method ctd_task_update_method;

#endif
