// Idea: Softsign, x / (1 + |x|), as a product with a reciprocal.
// Source: own.
// Guarantees: exact: every step is affine or a relaxed activation (S1, S3).
#include "bounds/lowering/ops/lower_op.h"
#include "bounds/lowering/ops/multiplication.h"

namespace clipbound::bounds {

/// x / (1 + |x|).
std::vector<AffineForm> lower_softsign(LowerContext& context, const Node& node) {
  AffineForm scratch;
  const AffineForm& x = form_of(context, node.inputs[0], scratch);
  const AffineForm size = lower_abs(context, node).front();
  const AffineForm divisor =
      combine(context, {&size}, {1.0}, std::vector<double>(x.constant.size(), 1.0));
  return {multiply(context, x, invert(context, divisor))};
}

}  // namespace clipbound::bounds
