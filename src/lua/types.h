/* The types of objects, by the noun that they wrap. */
#ifndef CTD_LUA_TYPES_H
#define CTD_LUA_TYPES_H

#include "lua/object.h"

extern const struct ctd_type ctd_client_type;      /* struct ctd_client */
extern const struct ctd_type ctd_image_type;       /* struct ctd_image */
extern const struct ctd_type ctd_container_type;   /* struct ctd_container */
extern const struct ctd_type ctd_task_type;        /* struct ctd_task */
extern const struct ctd_type ctd_stream_type;      /* struct ctd_pipe */
extern const struct ctd_type ctd_events_type;      /* struct ctd_subscription */
extern const struct ctd_type ctd_snapshotter_type; /* struct ctd_snapshotter */

/* Methods that have a file of their own. */
extern const struct ctd_method ctd_connect_method;
extern const struct ctd_method ctd_pull_method;
extern const struct ctd_method ctd_new_container_method;
extern const struct ctd_method ctd_new_task_method;
extern const struct ctd_method ctd_events_method;
extern const struct ctd_method ctd_publish_method;
extern const struct ctd_method ctd_forward_method;
extern const struct ctd_method ctd_snapshots_method;
extern const struct ctd_method ctd_server_method;
extern const struct ctd_method ctd_plugins_method;
extern const struct ctd_method ctd_serving_method;

#endif
