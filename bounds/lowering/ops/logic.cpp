// Idea: And, Or, Xor and Not on truth values, 1 is true and 0 false.
// Source: own.
// Guarantees: exact: every step is affine or a relaxed activation (S1, S3).
#include "bounds/lowering/ops/integer_operands.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

/// With b = max(x + y - 1, 0), 1 where both hold: x + y - b is Or, and x + y - 2 b Xor.
std::vector<AffineForm> lower_logic(LowerContext& context, const Node& node) {
  const IntegerOperands o(context, node);
  const AffineForm both =
      positive_part(context, combine(context, {&o.x, &o.y}, {1.0, 1.0}, repeat(-1.0, o.x)));
  if (node.kind == OpKind::logical_and) return {both};
  return {combine(context, {&o.x, &o.y, &both},
                  {1.0, 1.0, node.kind == OpKind::logical_or ? -1.0 : -2.0})};
}

std::vector<AffineForm> lower_logical_not(LowerContext& context, const Node& node) {
  AffineForm scratch;
  const AffineForm& x = form_of(context, node.inputs[0], scratch);
  return {combine(context, {&x}, {-1.0}, repeat(1.0, x))};
}

}  // namespace clipbound::bounds
