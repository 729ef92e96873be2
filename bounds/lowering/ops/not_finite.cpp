// Idea: IsNaN and IsInf: a value within finite bounds is neither; of others nothing is known.
// Source: own.
// Guarantees: exact where the value's interval is finite (S1, S2).
#include <cmath>

#include "bounds/lowering/ops/lower_op.h"

namespace clipbound::bounds {

std::vector<AffineForm> lower_not_finite(LowerContext& context, const Node& node) {
  AffineForm scratch;
  const IntervalVector range =
      enclose(form_of(context, node.inputs[0], scratch), context.sources());
  IntervalVector truth{std::vector<double>(range.lower.size(), 0.0),
                       std::vector<double>(range.lower.size(), 0.0)};
  for (std::size_t i = 0; i < range.lower.size(); ++i) {
    if (!std::isfinite(range.lower[i]) || !std::isfinite(range.upper[i])) truth.upper[i] = 1.0;
  }
  return {constant_within(truth)};
}

}  // namespace clipbound::bounds
