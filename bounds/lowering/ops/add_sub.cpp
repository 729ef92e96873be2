// Idea: Add and Sub: one term of weight 1 or -1 from each side, broadcast.
// Source: own.
// Guarantees: exact up to roundings in the radii (S1).
#include "bounds/layered/weighted_sum.h"
#include "bounds/lowering/ops/lower_op.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

/// Add, Sub: one term of weight 1 or -1 from each side, broadcast.
std::vector<AffineForm> lower_add_sub(LowerContext& context, const Node& node) {
  AffineForm scratch[2];
  const std::vector<const AffineForm*> forms = {&form_of(context, node.inputs[0], scratch[0]),
                                                &form_of(context, node.inputs[1], scratch[1])};
  const Shape& shape = context.network().value(node.outputs[0]).shape;
  const auto left = broadcast_map(operand_shape(context, node, 0), shape);
  const auto right = broadcast_map(operand_shape(context, node, 1), shape);
  const double sign = node.kind == OpKind::add ? 1.0 : -1.0;
  const auto has_map = [](const AffineForm* form) {
    return has_structure(*form) || has_selection(*form);
  };
  if (has_map(forms[0]) || has_map(forms[1])) {
    const AffineForm x = broadcast_operand(context, node, 0),
                     y = broadcast_operand(context, node, 1);
    return {combine(context, {&x, &y}, {1.0, sign})};
  }
  std::vector<std::int64_t> begin{0};
  std::vector<WeightedTerm> terms;
  for (std::size_t i = 0; i < left.size(); ++i) {
    terms.push_back({0, left[i], 1.0});
    terms.push_back({1, right[i], sign});
    begin.push_back(static_cast<std::int64_t>(terms.size()));
  }
  return {
      linear_map(forms, begin, terms, std::vector<double>(left.size(), 0.0), context.magnitudes())};
}

}  // namespace clipbound::bounds
