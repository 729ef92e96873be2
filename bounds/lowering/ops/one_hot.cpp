// Idea: OneHot: off + (on - off) [index = j or index = j - depth].
// Source: own.
// Guarantees: exact: every step is affine or a relaxed activation (S1, S3).
#include "base/error.h"
#include "bounds/lowering/ops/integers.h"

namespace clipbound::bounds {

std::vector<AffineForm> lower_one_hot(LowerContext& context, const Node& node) {
  const Network& network = context.network();
  if (!network.is_constant(node.inputs[2])) throw Unsupported("bounds need constant values");
  const std::vector<double> values = constant_of(context, node, node.inputs[2]);
  const Shape& from = network.value(node.inputs[0]).shape;
  const Shape& to = network.value(node.outputs[0]).shape;
  std::int64_t axis = node.int_attribute("axis", -1);
  if (axis < 0) axis += static_cast<std::int64_t>(to.size());
  const std::int64_t depth = to[static_cast<std::size_t>(axis)], size = element_count(from);
  const std::int64_t inner = element_count(Shape(from.begin() + axis, from.end()));
  AffineForm scratch;
  const AffineForm& index = form_of(context, node.inputs[0], scratch);
  const std::vector<char> integer = integer_elements(context, node.inputs[0], index);
  std::vector<AffineForm> hot;
  for (std::int64_t j = 0; j < depth; ++j) {
    const auto at = [&](std::int64_t k) {
      return is_zero(context,
                     combine(context, {&index}, {1.0},
                             std::vector<double>(index.constant.size(), -static_cast<double>(k))),
                     integer);
    };
    const AffineForm front = at(j), back = at(j - depth);  // they exclude each other
    hot.push_back(combine(context, {&front, &back}, {values[1] - values[0], values[1] - values[0]},
                          std::vector<double>(index.constant.size(), values[0])));
    charge_weights(context, hot.back(), 0x1p-52);
  }
  std::vector<const AffineForm*> forms;
  for (const AffineForm& form : hot) forms.push_back(&form);
  std::vector<Pick> picks(static_cast<std::size_t>(size * depth));
  for (std::int64_t i = 0; i < size; ++i) {
    for (std::int64_t j = 0; j < depth; ++j) {
      picks[static_cast<std::size_t>((i / inner * depth + j) * inner + i % inner)] = {
          static_cast<std::int32_t>(j), i};
    }
  }
  return {gather(forms, picks)};
}

}  // namespace clipbound::bounds
