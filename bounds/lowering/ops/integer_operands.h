#pragma once
// Idea: both operands of a binary operator, broadcast, and which of their elements are integers.
// Source: own.
// Guarantees: exact (S1).
#include "bounds/lowering/ops/integers.h"

namespace clipbound::bounds {

/// Both operands of a binary operator, broadcast, and which elements are integers on either
/// side.
struct IntegerOperands {
  AffineForm x, y;
  std::vector<char> integer;

  IntegerOperands(const LowerContext& context, const Node& node)
      : x(broadcast_operand(context, node, 0)), y(broadcast_operand(context, node, 1)) {
    const std::vector<char> x_integer = integers_of(context, node, 0),
                            y_integer = integers_of(context, node, 1);
    for (std::size_t i = 0; i < x_integer.size(); ++i)
      integer.push_back(x_integer[i] != 0 && y_integer[i] != 0);
  }
  static std::vector<char> integers_of(const LowerContext& context, const Node& node,
                                       std::size_t k) {
    AffineForm scratch;
    const std::vector<char> integer =
        integer_elements(context, node.inputs[k], form_of(context, node.inputs[k], scratch));
    std::vector<char> result;
    for (const std::int64_t e : broadcast_map(operand_shape(context, node, k),
                                              context.network().value(node.outputs[0]).shape)) {
      result.push_back(integer[static_cast<std::size_t>(e)]);
    }
    return result;
  }
};

}  // namespace clipbound::bounds
