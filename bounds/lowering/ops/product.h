#pragma once
// Products of two variables as squares, which are functions of one variable like any other.
#include "bounds/lowering/ops/lower_op.h"

namespace clipbound::bounds {

/// The elementwise product of two forms of equal size:  x y = ((s x + y / s)^2 - (s x - y / s)^2) /
/// 4  for any s > 0. With s so that both parts vary equally the two planes of the squares leave as
/// much room as McCormick's do, on average; and a power of two makes the scaling exact.
AffineForm multiply(const LowerContext& context, const AffineForm& x, const AffineForm& y);
/// 1 / x for each element.
AffineForm invert(const LowerContext& context, const AffineForm& x);
/// The same values as variables of their own, bounded like neurons: a form that is used in many
/// places is written out only once, and the intervals of what is made of it are good ones.
AffineForm cut(const LowerContext& context, const AffineForm& x);

}  // namespace clipbound::bounds
