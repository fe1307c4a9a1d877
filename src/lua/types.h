/* The types of objects, by the noun that they wrap. */
#ifndef CTD_LUA_TYPES_H
#define CTD_LUA_TYPES_H

#include "lua/object.h"

extern const struct ctd_type ctd_client_type;      /* struct ctd_client */
extern const struct ctd_type ctd_image_type;       /* struct ctd_image */
extern const struct ctd_type ctd_container_type;   /* struct ctd_container */
extern const struct ctd_type ctd_task_type;        /* struct ctd_process */
extern const struct ctd_type ctd_process_type;     /* struct ctd_process */
extern const struct ctd_type ctd_stream_type;      /* struct ctd_pipe */
extern const struct ctd_type ctd_events_type;      /* struct ctd_subscription */
extern const struct ctd_type ctd_snapshotter_type; /* struct ctd_snapshotter */
extern const struct ctd_type ctd_exchange_type;    /* struct ctd_exchange */

extern const struct ctd_type ctd_lease_type;      /* struct ctd_lease */
extern const struct ctd_type ctd_leases_type;     /* struct ctd_client */
extern const struct ctd_type ctd_namespaces_type; /* struct ctd_client */
extern const struct ctd_type ctd_content_type;    /* struct ctd_client */
extern const struct ctd_type ctd_reader_type;     /* of its own */
extern const struct ctd_type ctd_writer_type;     /* struct ctd_ingest_writer */
extern const struct ctd_type ctd_walk_type;       /* struct ctd_content_walk */
extern const struct ctd_type ctd_diff_type;       /* struct ctd_client */
extern const struct ctd_type ctd_sandbox_type;    /* struct ctd_sandbox */
extern const struct ctd_type ctd_sandboxes_type;  /* struct ctd_client */
extern const struct ctd_type ctd_mounts_type;     /* struct ctd_client */

/* Methods that have a file of their own. */
extern const struct ctd_method ctd_connect_method;
extern const struct ctd_method ctd_pull_method;
extern const struct ctd_method ctd_import_method;
extern const struct ctd_method ctd_export_method;
extern const struct ctd_method ctd_transfer_method;
extern const struct ctd_method ctd_new_container_method;        /* of an image */
extern const struct ctd_method ctd_client_new_container_method; /* of a client */
extern const struct ctd_method ctd_container_update_method;
extern const struct ctd_method ctd_container_set_labels_method;
extern const struct ctd_method ctd_new_task_method;
extern const struct ctd_method ctd_container_checkpoint_method;
extern const struct ctd_method ctd_container_restore_method; /* of its task */
extern const struct ctd_method ctd_task_checkpoint_method;
extern const struct ctd_method ctd_restore_method; /* of a client: a container */
extern const struct ctd_method ctd_exec_method;
extern const struct ctd_method ctd_task_process_method;
extern const struct ctd_method ctd_metrics_method;
extern const struct ctd_method ctd_task_update_method;
extern const struct ctd_method ctd_events_method;
extern const struct ctd_method ctd_publish_method;
extern const struct ctd_method ctd_forward_method;
extern const struct ctd_method ctd_snapshots_method;
extern const struct ctd_method ctd_call_method;
extern const struct ctd_method ctd_stream_method; /* of a client: an exchange */
extern const struct ctd_method ctd_server_method;
extern const struct ctd_method ctd_plugins_method;
extern const struct ctd_method ctd_serving_method;
extern const struct ctd_method ctd_lease_method;        /* of a client: the lease expires unless told otherwise */
extern const struct ctd_method ctd_lease_create_method; /* of leases */
extern const struct ctd_method ctd_content_reader_method;
extern const struct ctd_method ctd_content_write_method;
extern const struct ctd_method ctd_content_ingest_method;
extern const struct ctd_method ctd_content_walk_method;

/* Functions of a client. */
int ctd_content_function(lua_State *L);
int ctd_diff_function(lua_State *L);
int ctd_leases_function(lua_State *L);
int ctd_namespaces_function(lua_State *L);
int ctd_sandboxes_function(lua_State *L);
int ctd_mounts_function(lua_State *L);
int ctd_with_lease_function(lua_State *L);

#endif
