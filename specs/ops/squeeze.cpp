// Idea: Squeeze and Unsqueeze: axes as an attribute before opset 13, as an input since.
// Source: ONNX operator specification, Squeeze and Unsqueeze.
// Guarantees: every output element is an exact copy of one input element (S1).
#include <algorithm>

#include "specs/ops/movement.h"

namespace clipbound::specs {
namespace {

void infer_squeeze(Network& network, Node& node) {
  expect_arity(node, 1, 2);
  const Value& x = input_of(network, node, 0);
  const auto given = ints_from(network, node, "axes", 1);
  std::vector<bool> drop(x.shape.size(), false);
  if (given) {
    for (const std::int64_t axis : checked_axes(*given, x.shape.size())) {
      const auto d = static_cast<std::size_t>(axis);
      if (x.shape[d] != 1)
        throw InputError("axis " + std::to_string(axis) + " of " + to_string(x.shape) +
                         " is not 1");
      drop[d] = true;
    }
  } else {
    for (std::size_t d = 0; d < x.shape.size(); ++d) drop[d] = x.shape[d] == 1;
  }
  Shape shape;
  for (std::size_t d = 0; d < x.shape.size(); ++d)
    if (!drop[d]) shape.push_back(x.shape[d]);
  set_output(network, node, 0, x.type, shape);
}

void infer_unsqueeze(Network& network, Node& node) {
  expect_arity(node, 1, 2);
  const Value& x = input_of(network, node, 0);
  const auto given = ints_from(network, node, "axes", 1);
  if (!given) throw InputError("has no axes");
  const std::size_t rank = x.shape.size() + given->size();
  const std::vector<std::int64_t> axes = checked_axes(*given, rank);
  Shape shape;
  for (std::size_t d = 0, from = 0; d < rank; ++d) {
    const bool added =
        std::find(axes.begin(), axes.end(), static_cast<std::int64_t>(d)) != axes.end();
    shape.push_back(added ? 1 : x.shape[from++]);
  }
  set_output(network, node, 0, x.type, shape);
}

}  // namespace

OpVerbs verbs_of_squeeze() {
  return {infer_squeeze, prepare_movement<reshaped>};
}
OpVerbs verbs_of_unsqueeze() {
  return {infer_unsqueeze, prepare_movement<reshaped>};
}

}  // namespace clipbound::specs
