/* Methods of images that stand in files of their own. */
#ifndef CTD_LUA_IMAGE_METHODS_H
#define CTD_LUA_IMAGE_METHODS_H

#include "lua/method.h"

/* An image as an argument (see lua/options.h): a struct ctd_image *, which belongs to the operation. */
void ctd_read_image(lua_State *L, int index, struct ctd_op *op, const char *name, void *target);

/* image_content.c: what the image is made of */
extern const struct ctd_method ctd_image_config_method;
extern const struct ctd_method ctd_image_manifest_method;
extern const struct ctd_method ctd_image_diff_ids_method;
extern const struct ctd_method ctd_image_rootfs_chain_id_method;
extern const struct ctd_method ctd_image_is_unpacked_method;
extern const struct ctd_method ctd_image_unpack_method;

/* image_tree.c: which blobs and snapshots of it there are */
extern const struct ctd_method ctd_image_content_tree_method;
extern const struct ctd_method ctd_image_check_method;
extern const struct ctd_method ctd_image_usage_method;

/* image_record.c: its record */
extern const struct ctd_method ctd_image_tag_method;
extern const struct ctd_method ctd_image_set_labels_method;

/* push.c */
extern const struct ctd_method ctd_image_push_method;
extern const struct ctd_method ctd_push_method; /* of clients */

#endif
