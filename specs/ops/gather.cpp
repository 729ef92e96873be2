// Idea: Gather: slices of the data along `axis`, chosen by constant indices (negative ones count
// from the end). With indices that are computed it is the form `gather_at`.
// Source: ONNX operator specification, Gather.
// Guarantees: every output element is an exact copy of one input element (S1).
#include "specs/ops/movement.h"

namespace clipbound::specs {
namespace {

std::int64_t axis_of(const Network& network, const Node& node) {
  return checked_axis(node.int_attribute("axis", 0), input_of(network, node, 0).shape.size());
}

std::vector<std::int64_t> indices_of(const Network& network, const Node& node) {
  const std::int64_t length =
      input_of(network, node, 0).shape[static_cast<std::size_t>(axis_of(network, node))];
  std::vector<std::int64_t> indices = constant_ints(network, node, 1, "the index");
  for (std::int64_t& i : indices) {
    if (i < -length || i >= length)
      throw InputError("index " + std::to_string(i) + " is out of range for " +
                       std::to_string(length));
    if (i < 0) i += length;
  }
  return indices;
}

void infer(Network& network, Node& node) {
  expect_arity(node, 2, 2);
  if (!network.is_constant(node.inputs[1])) {
    node.kind = OpKind::gather_at;
    return op_row(OpKind::gather_at).verbs.infer(network, node);
  }
  const auto axis = axis_of(network, node);
  indices_of(network, node);  // for its checks
  const Shape& data = input_of(network, node, 0).shape;
  const Shape& indices = input_of(network, node, 1).shape;
  Shape shape(data.begin(), data.begin() + axis);
  shape.insert(shape.end(), indices.begin(), indices.end());
  shape.insert(shape.end(), data.begin() + axis + 1, data.end());
  set_output(network, node, 0, input_of(network, node, 0).type, shape);
}

Movement map(const Network& network, const Node& node) {
  const auto axis = static_cast<std::size_t>(axis_of(network, node));
  const Shape& data = input_of(network, node, 0).shape;
  const std::vector<std::int64_t> indices = indices_of(network, node);
  const std::int64_t inner = strides_of(data)[axis];
  const std::int64_t outer =
      element_count(Shape(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(axis)));
  Movement movement{{{}}};
  for (std::int64_t o = 0; o < outer; ++o)
    for (const std::int64_t i : indices) movement.append(0, 0, (o * data[axis] + i) * inner, inner);
  return movement;
}

}  // namespace

OpVerbs verbs_of_gather() {
  return {infer, prepare_movement<map>};
}

}  // namespace clipbound::specs
