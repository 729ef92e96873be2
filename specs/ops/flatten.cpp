// Idea: Flatten: everything before `axis` becomes the first dimension, everything from it on the
// second.
// Source: ONNX operator specification, Flatten.
// Guarantees: every output element is an exact copy of one input element (S1).
#include "specs/ops/movement.h"

namespace clipbound::specs {
namespace {

void infer(Network& network, Node& node) {
  expect_arity(node, 1, 1);
  const Value& x = input_of(network, node, 0);
  const auto rank = static_cast<std::int64_t>(x.shape.size());
  std::int64_t axis = node.int_attribute("axis", 1);
  if (axis < -rank || axis > rank)
    throw InputError("axis " + std::to_string(axis) + " is out of range");
  if (axis < 0) axis += rank;
  const Shape before(x.shape.begin(), x.shape.begin() + axis),
      after(x.shape.begin() + axis, x.shape.end());
  set_output(network, node, 0, x.type, {element_count(before), element_count(after)});
}

}  // namespace

OpVerbs verbs_of_flatten() {
  return {infer, prepare_movement<reshaped>};
}

}  // namespace clipbound::specs
