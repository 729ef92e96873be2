// Idea: Cast to integers (towards 0) and to truth values (1 is true, 0 false).
// Source: own.
// Guarantees: the real number cut towards 0; lower_network() makes any integer of what leaves the
// range (S1).
#include "bounds/lowering/ops/integers.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

std::vector<AffineForm> lower_cast(LowerContext& context, const Node& node) {
  AffineForm scratch;
  const AffineForm& x = form_of(context, node.inputs[0], scratch);
  const std::vector<char> integer = integer_elements(context, node.inputs[0], x);
  if (context.network().value(node.outputs[0]).type == DataType::boolean) {
    const AffineForm zero = is_zero(context, x, integer, context.next_steps());
    return {combine(context, {&zero}, {-1.0}, repeat(1.0, x))};
  }
  return {staircase_of(context, x, Curve::trunc, node.inputs[0], context.next_steps())};
}

}  // namespace clipbound::bounds
