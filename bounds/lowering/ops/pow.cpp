// Idea: Pow with one constant exponent: x^c is a function of one variable.
// Source: own.
// Guarantees: exact: every step is affine or a relaxed activation (S1, S3).
#include <algorithm>

#include "base/error.h"
#include "bounds/lowering/edges.h"
#include "bounds/lowering/ops/multiplication.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

/// x^c for a constant c that is the same for all elements.
std::vector<AffineForm> lower_pow(LowerContext& context, const Node& node) {
  const Network& network = context.network();
  if (!network.is_constant(node.inputs[1])) throw Unsupported("bounds need a constant exponent");
  const std::vector<double> exponents = constant_of(context, node, node.inputs[1]);
  const double c = exponents.at(0);
  if (!std::all_of(exponents.begin(), exponents.end(), [c](double e) { return e == c; })) {
    throw Unsupported("bounds need one exponent for all elements");
  }
  const bool integer = network.value(node.outputs[0]).type == DataType::int64;
  if (integer && c < 0.0)
    throw Unsupported(
        "integers to a negative power, which are cut towards 0, have no linear bounds");
  AffineForm x = broadcast_operand(context, node, 0);
  if (c == 0.0) return {AffineForm::of_constant(std::vector<double>(x.constant.size(), 1.0))};
  if (c == 1.0) return {std::move(x)};
  if (c == 2.0) return {square(context, x, kNoValue)};
  const Activation power = c == -1.0  ? Activation{Curve::reciprocal}
                           : c == 0.5 ? Activation{Curve::sqrt}
                                      : Activation{Curve::power, c};
  if (!has_edge(power)) return {context.add_layer(x, power, kNoValue)};
  const EdgeOperand operand{x,
                            kNoValue,
                            certain_ends(context, node.inputs[0],
                                         broadcast_map(operand_shape(context, node, 0),
                                                       network.value(node.outputs[0]).shape)),
                            {}};
  return {add_layer_with_edge(context, node, operand, power)};
}

}  // namespace clipbound::bounds
