#include "lua/services.h"
#include "client/message_type.h"
#include "client/service_method.h"
#include "lua/message_scalar.h"
#include <string.h>

/* How deep messages are told of in others; then their names stand for them. */
#define DEPTH_LIMIT 12

static void push_shape(lua_State *L, const ProtobufCMessageDescriptor *type, int depth);

static const char *scalar_name(ProtobufCType type) {
  switch (type) {
  case PROTOBUF_C_TYPE_INT32:
  case PROTOBUF_C_TYPE_SINT32:
  case PROTOBUF_C_TYPE_SFIXED32:
    return "int32";
  case PROTOBUF_C_TYPE_INT64:
  case PROTOBUF_C_TYPE_SINT64:
  case PROTOBUF_C_TYPE_SFIXED64:
    return "int64";
  case PROTOBUF_C_TYPE_UINT32:
  case PROTOBUF_C_TYPE_FIXED32:
    return "uint32";
  case PROTOBUF_C_TYPE_UINT64:
  case PROTOBUF_C_TYPE_FIXED64:
    return "uint64";
  case PROTOBUF_C_TYPE_FLOAT:
    return "float";
  case PROTOBUF_C_TYPE_DOUBLE:
    return "double";
  case PROTOBUF_C_TYPE_BOOL:
    return "boolean";
  case PROTOBUF_C_TYPE_BYTES:
    return "bytes";
  default:
    return "string";
  }
}

/* "unknown | created | running" */
static void push_enum(lua_State *L, const ProtobufCEnumDescriptor *type) {
  lua_pushliteral(L, "");
  for (unsigned i = 0; i < type->n_values; i++) {
    lua_pushstring(L, i ? " | " : "");
    ctd_message_push_lower(L, type->values[i].name);
    lua_concat(L, 3);
  }
}

static void push_value(lua_State *L, const ProtobufCFieldDescriptor *field, int depth) {
  if (field->type == PROTOBUF_C_TYPE_MESSAGE)
    push_shape(L, field->descriptor, depth + 1);
  else if (field->type == PROTOBUF_C_TYPE_ENUM)
    push_enum(L, field->descriptor);
  else
    lua_pushstring(L, scalar_name(field->type));
}

/* A map is {["<string>"] = value}, an array {value}. */
static void push_field(lua_State *L, const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field,
                       int depth) {
  if (field->label != PROTOBUF_C_LABEL_REPEATED) {
    push_value(L, field, depth);
    return;
  }
  lua_newtable(L);
  if (ctd_message_field_is_map(type, field)) {
    const ProtobufCFieldDescriptor *entry = ((const ProtobufCMessageDescriptor *)field->descriptor)->fields;
    lua_pushfstring(L, "<%s>", scalar_name(entry[0].type));
    push_value(L, &entry[1], depth);
    lua_rawset(L, -3);
  } else {
    push_value(L, field, depth);
    lua_rawseti(L, -2, 1);
  }
}

static void push_fields(lua_State *L, const ProtobufCMessageDescriptor *type, int depth) {
  lua_createtable(L, 0, (int)type->n_fields);
  for (unsigned i = 0; i < type->n_fields; i++) {
    push_field(L, type, &type->fields[i], depth);
    lua_setfield(L, -2, type->fields[i].name);
  }
}

static void push_shape(lua_State *L, const ProtobufCMessageDescriptor *type, int depth) {
  luaL_checkstack(L, 10, "shape");
  switch (ctd_message_shape(type)) {
  case CTD_SHAPE_FIELDS:
    if (depth < DEPTH_LIMIT)
      push_fields(L, type, depth);
    else
      lua_pushstring(L, type->name);
    break;
  case CTD_SHAPE_TIMESTAMP:
    lua_pushliteral(L, "seconds since 1970");
    break;
  case CTD_SHAPE_DURATION:
    lua_pushliteral(L, "seconds");
    break;
  case CTD_SHAPE_ANY:
    lua_pushliteral(L, "any");
    break;
  case CTD_SHAPE_PLATFORM:
    lua_pushliteral(L, "platform");
    break;
  case CTD_SHAPE_WRAPPER:
    push_value(L, &type->fields[0], depth);
    break;
  }
}

static void push_method(lua_State *L, const struct ctd_service_method *method) {
  lua_createtable(L, 0, 6);
  lua_pushstring(L, method->request);
  lua_setfield(L, -2, "request_type");
  lua_pushstring(L, method->response);
  lua_setfield(L, -2, "response_type");
  push_shape(L, ctd_service_method_request(method), 0);
  lua_setfield(L, -2, "request");
  push_shape(L, ctd_service_method_response(method), 0);
  lua_setfield(L, -2, "response");
  lua_pushboolean(L, method->request_stream);
  lua_setfield(L, -2, "request_stream");
  lua_pushboolean(L, method->response_stream);
  lua_setfield(L, -2, "response_stream");
}

/* Pushes services[service], which it makes if it isn't there; `services` is an index. */
static void push_service(lua_State *L, int services, const char *service, size_t length) {
  lua_pushlstring(L, service, length);
  lua_rawget(L, services);
  if (!lua_isnil(L, -1))
    return;
  lua_pop(L, 1);
  lua_newtable(L);
  lua_pushlstring(L, service, length);
  lua_pushvalue(L, -2);
  lua_rawset(L, services);
}

int ctd_services_function(lua_State *L) {
  size_t count;
  const struct ctd_service_method *methods = ctd_service_methods(&count);
  lua_settop(L, 0);
  lua_newtable(L);
  for (size_t i = 0; i < count; i++) {
    const char *service = methods[i].path + 1, *slash = strchr(service, '/');
    push_service(L, 1, service, (size_t)(slash - service));
    push_method(L, &methods[i]);
    lua_setfield(L, -2, slash + 1);
    lua_settop(L, 1);
  }
  return 1;
}
