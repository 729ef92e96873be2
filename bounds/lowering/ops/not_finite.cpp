// Idea: IsNaN and IsInf: a value within bounds far below its type's largest number is neither; of
// others nothing is known.
// Source: own.
// Guarantees: exact where the value's interval is such (S1, S2), in the type that computes it too.
#include "bounds/lowering/float_limits.h"
#include "bounds/lowering/ops/lower_op.h"

namespace clipbound::bounds {

std::vector<AffineForm> lower_not_finite(LowerContext& context, const Node& node) {
  AffineForm scratch;
  const IntervalVector range =
      enclose(form_of(context, node.inputs[0], scratch), context.sources());
  IntervalVector truth{std::vector<double>(range.lower.size(), 0.0),
                       std::vector<double>(range.lower.size(), 0.0)};
  const double limit = certainly_finite(context.network().value(node.inputs[0]));
  for (std::size_t i = 0; i < range.lower.size(); ++i) {
    if (!(range.lower[i] >= -limit && range.upper[i] <= limit)) truth.upper[i] = 1.0;
  }
  return {constant_within(truth)};
}

}  // namespace clipbound::bounds
