#include "lua/transfer_end.h"
#include "lua/op.h"
#include "lua/registry_options.h"
#include <string.h>

#define REGISTRY(member) offsetof(struct ctd_lua_transfer_end, end.registry.member)
#define IMAGE(member) offsetof(struct ctd_lua_transfer_end, end.image.member)
#define ARCHIVE(member) offsetof(struct ctd_lua_transfer_end, end.archive.member)

/* It was read before the others, which depend on it. */
static void read_type(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  (void)L, (void)index, (void)op, (void)name, (void)target;
}

static const struct ctd_option reference_fields[] = {
    {"name", ctd_read_string, offsetof(struct ctd_transfer_reference, name), false},
    {"prefix", ctd_read_boolean, offsetof(struct ctd_transfer_reference, prefix), false},
    {"overwrite", ctd_read_boolean, offsetof(struct ctd_transfer_reference, overwrite), false},
    {"add_digest", ctd_read_boolean, offsetof(struct ctd_transfer_reference, add_digest), false},
    {"skip_named", ctd_read_boolean, offsetof(struct ctd_transfer_reference, skip_named), false},
    {NULL, NULL, 0, false},
};

static void read_reference(lua_State *L, int index, struct ctd_op *op, const char *name,
                           struct ctd_transfer_reference *reference) {
  if (lua_type(L, index) != LUA_TTABLE)
    ctd_read_failed(L, index, op, name, "array of tables");
  ctd_fields_read(L, index, op, reference_fields, reference);
  if (!reference->name)
    ctd_misuse(L, op, "\"%s\": each needs a name", name);
}

static void read_references(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  struct ctd_transfer_image *image = target;
  if (lua_type(L, index) != LUA_TTABLE)
    ctd_read_failed(L, index, op, name, "array of tables");
  size_t count = ctd_rawlen(L, index);
  struct ctd_transfer_reference *references = ctd_arena_allocate(L, &op->arena, (count + 1) * sizeof *references);
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(L, index, (int)i + 1);
    read_reference(L, lua_gettop(L), op, name, &references[i]);
    lua_pop(L, 1);
  }
  image->references = references;
  image->reference_count = count;
}

static const struct ctd_option registry_fields[] = {
    {"type", read_type, 0, false},
    {"ref", ctd_read_string, REGISTRY(reference), false},
    {"auth", ctd_read_auth, REGISTRY(auth), false},
    {"docker_config", ctd_read_boolean, REGISTRY(auth.docker_config), false},
    {"headers", ctd_read_labels, REGISTRY(headers), false},
    {"hosts_dir", ctd_read_string, REGISTRY(hosts_dir), false},
    {"plain_http", ctd_read_plain_http, REGISTRY(plain_http), false},
    {NULL, NULL, 0, false},
};

static const struct ctd_option image_fields[] = {
    {"type", read_type, 0, false},
    {"name", ctd_read_string, IMAGE(name), false},
    {"labels", ctd_read_labels, IMAGE(labels), false},
    {"platform", ctd_read_platforms, IMAGE(platforms), false},
    {"all_platforms", ctd_read_boolean, IMAGE(all_platforms), false},
    {"all_metadata", ctd_read_boolean, IMAGE(all_metadata), false},
    {"manifest_limit", ctd_read_count, IMAGE(manifest_limit), false},
    {"unpack", ctd_read_boolean, IMAGE(unpack), false},
    {"snapshotter", ctd_read_string, IMAGE(snapshotter), false},
    {"references", read_references, offsetof(struct ctd_lua_transfer_end, end.image), false},
    {NULL, NULL, 0, false},
};

static const struct ctd_option source_fields[] = {
    {"type", read_type, 0, false},
    {"reader", ctd_read_source, offsetof(struct ctd_lua_transfer_end, reader), false},
    {"media_type", ctd_read_string, ARCHIVE(media_type), false},
    {"force_compress", ctd_read_boolean, ARCHIVE(force_compress), false},
    {NULL, NULL, 0, false},
};

static const struct ctd_option destination_fields[] = {
    {"type", read_type, 0, false},
    {"writer", ctd_read_sink, offsetof(struct ctd_lua_transfer_end, writer), false},
    {"media_type", ctd_read_string, ARCHIVE(media_type), false},
    {"platform", ctd_read_platforms, ARCHIVE(platforms), false},
    {"all_platforms", ctd_read_boolean, ARCHIVE(all_platforms), false},
    {"skip_docker_manifest", ctd_read_boolean, ARCHIVE(skip_docker_manifest), false},
    {"skip_non_distributable", ctd_read_boolean, ARCHIVE(skip_non_distributable), false},
    {NULL, NULL, 0, false},
};

/* Raises unless the table has the field. */
static void check_field(lua_State *L, int index, struct ctd_op *op, const char *name, const char *field) {
  lua_getfield(L, index, field);
  if (lua_isnil(L, -1))
    ctd_misuse(L, op, "\"%s\": %s expected, which is missing", name, field);
  lua_pop(L, 1);
}

static void read_registry(lua_State *L, int index, struct ctd_op *op, const char *name,
                          struct ctd_lua_transfer_end *end) {
  end->end.registry.auth.docker_config = true;
  check_field(L, index, op, name, "ref");
  ctd_fields_read(L, index, op, registry_fields, end);
}

static void read_image(lua_State *L, int index, struct ctd_op *op, const char *name, struct ctd_lua_transfer_end *end) {
  end->end.image.unpack = true;
  ctd_fields_read(L, index, op, image_fields, end);
  if (!end->end.image.name && !end->end.image.reference_count)
    ctd_misuse(L, op, "\"%s\": name or references expected", name);
}

static void read_archive(lua_State *L, int index, struct ctd_op *op, const char *name, struct ctd_lua_transfer_end *end,
                         bool is_source) {
  check_field(L, index, op, name, is_source ? "reader" : "writer");
  ctd_fields_read(L, index, op, is_source ? source_fields : destination_fields, end);
}

static void read_end(lua_State *L, int index, struct ctd_op *op, const char *name, struct ctd_lua_transfer_end *end,
                     bool is_source) {
  if (lua_type(L, index) != LUA_TTABLE)
    ctd_read_failed(L, index, op, name, "table");
  lua_getfield(L, index, "type");
  const char *type = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
  if (!strcmp(type, "registry")) {
    end->end.kind = CTD_TRANSFER_REGISTRY;
    read_registry(L, index, op, name, end);
  } else if (!strcmp(type, "image")) {
    end->end.kind = CTD_TRANSFER_IMAGE;
    read_image(L, index, op, name, end);
  } else if (!strcmp(type, "archive")) {
    end->end.kind = CTD_TRANSFER_ARCHIVE;
    read_archive(L, index, op, name, end, is_source);
  } else {
    ctd_misuse(L, op, "\"%s\": type = \"registry\", \"image\" or \"archive\" expected", name);
  }
  lua_pop(L, 1);
}

void ctd_read_transfer_source(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  read_end(L, index, op, name, target, true);
}

void ctd_read_transfer_destination(lua_State *L, int index, struct ctd_op *op, const char *name, void *target) {
  read_end(L, index, op, name, target, false);
}
