#pragma once
// Idea: fields of ONNX's messages that came after the version of the library that this is built
// with: protobuf keeps them as fields that it does not know.
// Source: onnx.proto of IR version 10 and newer; protobuf, UnknownFieldSet.
// Guarantees: where the library knows a field, the library is asked.
#include <google/protobuf/unknown_field_set.h>

#include <string>
#include <type_traits>
#include <vector>

namespace clipbound::specs {

/// The bytes of a message's length-delimited fields of this number that the library does not know.
template <typename Message>
std::vector<std::string> unknown_fields(const Message& message, int number) {
  google::protobuf::UnknownFieldSet parsed;
  const google::protobuf::UnknownFieldSet* all = &parsed;
  const auto& unknown = message.unknown_fields();
  if constexpr (std::is_same_v<std::decay_t<decltype(unknown)>, std::string>) {
    parsed.ParseFromString(unknown);  // the lite library keeps them as they stood in the file
  } else {
    all = &unknown;
  }
  std::vector<std::string> found;
  for (int i = 0; i < all->field_count(); ++i) {
    const auto& field = all->field(i);
    if (field.number() == number &&
        field.type() == google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED)
      found.push_back(field.length_delimited());
  }
  return found;
}

/// The field `overload` (IR version 10) of a node or a function, whose number there is given.
template <typename Message>
std::string overload_of(const Message& message, int number) {
  if constexpr (requires { message.overload(); }) {
    return message.overload();
  } else {
    const std::vector<std::string> found = unknown_fields(message, number);
    return found.empty() ? std::string() : found.back();
  }
}

/// The field attribute_proto (IR version 9) of a function: attributes with their defaults.
template <typename Function, typename AttributeProto>
void read_defaults(const Function& function, std::vector<AttributeProto>& defaults) {
  if constexpr (requires { function.attribute_proto(); }) {
    defaults.assign(function.attribute_proto().begin(), function.attribute_proto().end());
  } else {
    constexpr int kAttributeProto = 11;
    for (const std::string& bytes : unknown_fields(function, kAttributeProto))
      if (AttributeProto attribute; attribute.ParseFromString(bytes))
        defaults.push_back(std::move(attribute));
  }
}

}  // namespace clipbound::specs
