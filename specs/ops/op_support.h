#pragma once
// Idea: what the operator files share: checked access to inputs and attributes. All throw
// InputError or Unsupported without the node's name (append_node() adds it).
// Source: own.
// Guarantees: what passes these checks has the inputs, types and axes that the operator's file goes
// on with.
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "specs/network/op_table.h"
#include "specs/network/operation.h"

namespace clipbound::specs {

/// Checks the number of inputs and outputs and that the first `min_inputs` inputs are there.
void expect_arity(const Node& node, std::size_t min_inputs, std::size_t max_inputs,
                  std::size_t max_outputs = 1);
inline bool has_input(const Node& node, std::size_t i) {
  return i < node.inputs.size() && node.inputs[i] != kNoValue;
}
inline const Value& input_of(const Network& network, const Node& node, std::size_t i) {
  return network.value(node.inputs[i]);
}
/// Elements from one point to the next in the array of input i: 0 for a constant.
inline std::int64_t point_stride(const Network& network, ValueId id) {
  return id == kNoValue || network.is_constant(id) ? 0 : network.value(id).size();
}
/// The integers of input i; Unsupported where it is not a constant.
std::vector<std::int64_t> constant_ints(const Network& network, const Node& node, std::size_t i,
                                        const char* what);
/// From the attribute `key` where it is there, else from input i where it is there.
std::optional<std::vector<std::int64_t>> ints_from(const Network& network, const Node& node,
                                                   const char* key, std::size_t i);
/// The attribute `key` where it is there, else `fallback`; InputError where it has another type.
std::string string_attribute(const Node& node, const std::string& key, const std::string& fallback);
/// nullptr where absent.
const std::vector<double>* floats_attribute(const Node& node, const std::string& key);
/// Removes the outputs after the first; Unsupported where the file gives one of them a name (`what`
/// they are).
void keep_first_output(Node& node, const char* what);
/// Throws where input i is not of a floating type.
void expect_floating(const Network& network, const Node& node, std::size_t i);
/// Maps a negative axis to its place and checks its range.
std::int64_t checked_axis(std::int64_t axis, std::size_t rank);
/// The same for a list without repetitions.
std::vector<std::int64_t> checked_axes(const std::vector<std::int64_t>& axes, std::size_t rank);
/// Row-major strides of a shape.
std::vector<std::int64_t> strides_of(const Shape& shape);
/// Sets type and shape of output i; throws where it would be larger than any machine's memory.
void set_output(Network& network, const Node& node, std::size_t i, DataType type, Shape shape);
/// Throws where inputs i and j have different types.
void expect_same_type(const Network& network, const Node& node, std::size_t i, std::size_t j);

}  // namespace clipbound::specs
