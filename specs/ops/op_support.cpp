#include "specs/ops/op_support.h"

#include <algorithm>

namespace clipbound::specs {

void expect_arity(const Node& node, std::size_t min_inputs, std::size_t max_inputs,
                  std::size_t max_outputs) {
  if (node.inputs.size() > max_inputs)
    throw InputError("has " + std::to_string(node.inputs.size()) + " inputs");
  for (std::size_t i = 0; i < min_inputs; ++i)
    if (!has_input(node, i)) throw InputError("input " + std::to_string(i) + " is missing");
  if (node.outputs.empty()) throw InputError("has no output");
  if (node.outputs.size() > max_outputs)
    throw InputError("has " + std::to_string(node.outputs.size()) + " outputs");
}

std::vector<std::int64_t> constant_ints(const Network& network, const Node& node, std::size_t i,
                                        const char* what) {
  const Value& v = input_of(network, node, i);
  if (!v.constant)
    throw Unsupported(std::string(what) + " ('" + v.name + "') depends on the network's input");
  return v.constant->as_int64();
}

std::optional<std::vector<std::int64_t>> ints_from(const Network& network, const Node& node,
                                                   const char* key, std::size_t i) {
  if (const auto* held = node.ints_attribute(key)) return *held;
  if (has_input(node, i)) return constant_ints(network, node, i, key);
  return std::nullopt;
}

std::string string_attribute(const Node& node, const std::string& key,
                             const std::string& fallback) {
  const auto found = node.attributes.find(key);
  if (found == node.attributes.end()) return fallback;
  const auto* held = std::get_if<std::string>(&found->second);
  if (held == nullptr) throw InputError("attribute '" + key + "' is no string");
  return *held;
}

const std::vector<double>* floats_attribute(const Node& node, const std::string& key) {
  const auto found = node.attributes.find(key);
  if (found == node.attributes.end()) return nullptr;
  const auto* held = std::get_if<std::vector<double>>(&found->second);
  if (held == nullptr) throw InputError("attribute '" + key + "' is no list of numbers");
  return held;
}

void keep_first_output(Node& node, const char* what) {
  for (std::size_t o = 1; o < node.outputs.size(); ++o)
    if (node.outputs[o] != kNoValue)
      throw Unsupported(std::string("its output of ") + what + " is used");
  node.outputs.resize(1);
}

void expect_floating(const Network& network, const Node& node, std::size_t i) {
  const DataType type = input_of(network, node, i).type;
  if (type != DataType::float32 && type != DataType::float64)
    throw InputError("input " + std::to_string(i) + " is " + name_of(type));
}

std::int64_t checked_axis(std::int64_t axis, std::size_t rank) {
  const auto r = static_cast<std::int64_t>(rank);
  if (axis < -r || axis >= r)
    throw InputError("axis " + std::to_string(axis) + " is out of range for rank " +
                     std::to_string(rank));
  return axis < 0 ? axis + r : axis;
}

std::vector<std::int64_t> checked_axes(const std::vector<std::int64_t>& axes, std::size_t rank) {
  std::vector<std::int64_t> checked;
  for (const std::int64_t axis : axes) {
    checked.push_back(checked_axis(axis, rank));
    if (std::count(checked.begin(), checked.end(), checked.back()) > 1)
      throw InputError("axis " + std::to_string(axis) + " is named twice");
  }
  return checked;
}

std::vector<std::int64_t> strides_of(const Shape& shape) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

void set_output(Network& network, const Node& node, std::size_t i, DataType type, Shape shape) {
  if (element_count(shape) > kLargestTensor)
    throw InputError("absurd output shape " + to_string(shape));
  Value& v = network.value(node.outputs[i]);
  v.type = type;
  v.shape = std::move(shape);
  // A composite is computed in float32, as runtimes compute it, and rounded as a whole.
  const bool rounds = type == DataType::float32 && node.composite.empty();
  v.half = rounds ? half_of_inputs(network, node) : Half::none;
}

void expect_same_type(const Network& network, const Node& node, std::size_t i, std::size_t j) {
  const Value &a = input_of(network, node, i), &b = input_of(network, node, j);
  if (a.type != b.type || (a.half != b.half && node.composite.empty()))
    throw InputError(std::string("inputs are ") + name_of(a) + " and " + name_of(b));
}

}  // namespace clipbound::specs
