// Idea: Transpose: output axis i is input axis perm[i]; all axes reversed where perm is left out.
// Source: ONNX operator specification, Transpose.
// Guarantees: every output element is an exact copy of one input element (S1).
#include "specs/ops/movement.h"

namespace clipbound::specs {
namespace {

std::vector<std::int64_t> permutation_of(const Node& node, std::size_t rank) {
  std::vector<std::int64_t> perm;
  if (const auto* given = node.ints_attribute("perm")) {
    perm = checked_axes(*given, rank);
    if (perm.size() != rank)
      throw InputError("perm " + to_string(*given) + " does not fit rank " + std::to_string(rank));
  } else {
    for (std::size_t i = rank; i-- > 0;) perm.push_back(static_cast<std::int64_t>(i));
  }
  return perm;
}

void infer(Network& network, Node& node) {
  expect_arity(node, 1, 1);
  const Value& x = input_of(network, node, 0);
  Shape shape;
  for (const std::int64_t axis : permutation_of(node, x.shape.size()))
    shape.push_back(x.shape[static_cast<std::size_t>(axis)]);
  set_output(network, node, 0, x.type, shape);
}

void walk(const Shape& shape, const std::vector<std::int64_t>& strides, std::size_t d,
          std::int64_t element, Movement& movement) {
  if (d == shape.size()) return movement.append(0, 0, element);
  for (std::int64_t i = 0; i < shape[d]; ++i)
    walk(shape, strides, d + 1, element + i * strides[d], movement);
}

Movement map(const Network& network, const Node& node) {
  const Shape& from = input_of(network, node, 0).shape;
  const std::vector<std::int64_t> from_strides = strides_of(from);
  Shape shape;
  std::vector<std::int64_t> strides;
  for (const std::int64_t axis : permutation_of(node, from.size())) {
    shape.push_back(from[static_cast<std::size_t>(axis)]);
    strides.push_back(from_strides[static_cast<std::size_t>(axis)]);
  }
  Movement movement{{{}}};
  walk(shape, strides, 0, 0, movement);
  return movement;
}

}  // namespace

OpVerbs verbs_of_transpose() {
  return {infer, prepare_movement<map>};
}

}  // namespace clipbound::specs
