// Idea: Concat: inputs one after the other along `axis`.
// Source: ONNX operator specification, Concat.
// Guarantees: every output element is an exact copy of one input element (S1).
#include <limits>

#include "specs/ops/movement.h"

namespace clipbound::specs {
namespace {

std::int64_t axis_of(const Network& network, const Node& node) {
  // Before opset 4 the axis may be left out and is 1.
  return checked_axis(node.int_attribute("axis", 1), input_of(network, node, 0).shape.size());
}

void infer(Network& network, Node& node) {
  expect_arity(node, node.inputs.empty() ? 1 : node.inputs.size(),
               std::numeric_limits<std::size_t>::max());
  const auto axis = static_cast<std::size_t>(axis_of(network, node));
  Shape shape = input_of(network, node, 0).shape;
  for (std::size_t i = 1; i < node.inputs.size(); ++i) {
    expect_same_type(network, node, 0, i);
    const Shape& next = input_of(network, node, i).shape;
    if (next.size() != shape.size()) throw InputError("inputs have different ranks");
    for (std::size_t d = 0; d < shape.size(); ++d)
      if (d != axis && next[d] != shape[d])
        throw InputError("cannot join " + to_string(shape) + " and " + to_string(next) +
                         " along axis " + std::to_string(axis));
    if (__builtin_add_overflow(shape[axis], next[axis], &shape[axis]))
      throw InputError("absurd shape");
  }
  set_output(network, node, 0, input_of(network, node, 0).type, shape);
}

Movement map(const Network& network, const Node& node) {
  const auto axis = static_cast<std::size_t>(axis_of(network, node));
  const Shape& first = input_of(network, node, 0).shape;
  const std::int64_t outer =
      element_count(Shape(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(axis)));
  Movement movement{{{}}};
  for (std::int64_t o = 0; o < outer; ++o) {
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const std::int64_t chunk = input_of(network, node, i).size() / outer;
      movement.append(0, static_cast<std::int32_t>(i), o * chunk, chunk);
    }
  }
  return movement;
}

}  // namespace

OpVerbs verbs_of_concat() {
  return {infer, prepare_movement<map>};
}

}  // namespace clipbound::specs
