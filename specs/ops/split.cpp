// Idea: Split along `axis`: sizes from the attribute (before opset 13), an input, num_outputs
// (opset 18), or equal parts.
// Source: ONNX operator specification, Split.
// Guarantees: every output element is an exact copy of one input element (S1).
#include <limits>

#include "specs/ops/movement.h"

namespace clipbound::specs {
namespace {

std::int64_t axis_of(const Network& network, const Node& node) {
  return checked_axis(node.int_attribute("axis", 0), input_of(network, node, 0).shape.size());
}

std::vector<std::int64_t> equal_parts(const Node& node, std::int64_t length) {
  const auto parts = static_cast<std::int64_t>(node.outputs.size());
  const bool stated = node.attributes.contains("num_outputs");
  if (stated && node.int_attribute("num_outputs", 0) != parts)
    throw InputError("num_outputs is not its number of outputs");
  if (!stated && length % parts != 0)
    throw InputError("cannot split " + std::to_string(length) + " into " + std::to_string(parts) +
                     " equal parts");
  // With num_outputs the last part may be smaller.
  const std::int64_t chunk = (length + parts - 1) / parts;
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(parts), chunk);
  sizes.back() = length - chunk * (parts - 1);
  return sizes;
}

std::vector<std::int64_t> sizes_of(const Network& network, const Node& node) {
  const std::int64_t length =
      input_of(network, node, 0).shape[static_cast<std::size_t>(axis_of(network, node))];
  const auto given = ints_from(network, node, "split", 1);
  const std::vector<std::int64_t> sizes = given ? *given : equal_parts(node, length);
  if (sizes.size() != node.outputs.size()) throw InputError("has not as many sizes as outputs");
  std::int64_t left = length;
  for (const std::int64_t s : sizes) {
    if (s < 0 || s > left)
      throw InputError("sizes " + to_string(sizes) + " do not sum to " + std::to_string(length));
    left -= s;
  }
  if (left != 0)
    throw InputError("sizes " + to_string(sizes) + " do not sum to " + std::to_string(length));
  return sizes;
}

void infer(Network& network, Node& node) {
  expect_arity(node, 1, 2, std::numeric_limits<std::size_t>::max());
  const auto axis = static_cast<std::size_t>(axis_of(network, node));
  const std::vector<std::int64_t> sizes = sizes_of(network, node);
  Shape shape = input_of(network, node, 0).shape;
  const DataType type = input_of(network, node, 0).type;
  for (std::size_t o = 0; o < sizes.size(); ++o) {
    if (node.outputs[o] == kNoValue) throw Unsupported("an output is left out");
    shape[axis] = sizes[o];
    set_output(network, node, o, type, shape);
  }
}

Movement map(const Network& network, const Node& node) {
  const auto axis = static_cast<std::size_t>(axis_of(network, node));
  const Shape& shape = input_of(network, node, 0).shape;
  const std::int64_t inner = strides_of(shape)[axis];
  const std::int64_t outer =
      element_count(Shape(shape.begin(), shape.begin() + static_cast<std::ptrdiff_t>(axis)));
  const std::vector<std::int64_t> sizes = sizes_of(network, node);
  Movement movement;
  movement.outputs.resize(sizes.size());
  std::int64_t element = 0;
  for (std::int64_t i = 0; i < outer; ++i) {
    for (std::size_t o = 0; o < sizes.size(); ++o) {
      movement.append(o, 0, element, sizes[o] * inner);
      element += sizes[o] * inner;
    }
  }
  return movement;
}

}  // namespace

OpVerbs verbs_of_split() {
  return {infer, prepare_movement<map>};
}

}  // namespace clipbound::specs
