/* The messages of containerd's API, found by their names. */
#ifndef CTD_CLIENT_MESSAGE_TYPE_H
#define CTD_CLIENT_MESSAGE_TYPE_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

/* The type with this full name, "containerd.events.TaskExit", perhaps behind a host's ("type.googleapis.com/"). NULL:
 * it's unknown. */
const ProtobufCMessageDescriptor *ctd_message_type_find(const char *type_url);

/* Whether an Any of this type has JSON as its value: containerd's own types that aren't messages, such as OCI's spec.
 */
bool ctd_message_type_is_json(const char *type_url);

/* Messages that stand for something simpler. */
enum ctd_message_shape {
  CTD_SHAPE_FIELDS, /* any other message: its fields */
  CTD_SHAPE_TIMESTAMP,
  CTD_SHAPE_DURATION,
  CTD_SHAPE_ANY,
  CTD_SHAPE_PLATFORM,
  CTD_SHAPE_WRAPPER, /* google.protobuf.StringValue and the like: a value that may be absent, their only field */
};
enum ctd_message_shape ctd_message_shape(const ProtobufCMessageDescriptor *type);

/* Whether a field is a map: protobuf-c has it as an array of entries. */
bool ctd_message_field_is_map(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field);

/* The size of a field's value in the message's struct, or of one element of its array. */
size_t ctd_message_element_size(ProtobufCType type);

#endif
