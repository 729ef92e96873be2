#pragma once
// Idea: products of two variables as squares, which are functions of one variable like any
// other:  x y = ((s x + y / s)^2 - (s x - y / s)^2) / 4  for any s > 0. With s so that both
// parts vary equally the two lines of the squares leave as much room as McCormick's bounds do,
// on average; and a power of two makes the scaling exact.
// Source: own; McCormick 1976 for products that stay layers of pairs.
// Guarantees: exact: every step is affine or a relaxed activation (S1, S3).
#include "bounds/lowering/ops/lower_op.h"

namespace clipbound::bounds {

/// The elementwise product of two forms of equal size.
AffineForm multiply(LowerContext& context, const AffineForm& x, const AffineForm& y);
/// The same where no element of either form is a constant, and where every element of the first is
/// one.
AffineForm multiply_variables(LowerContext& context, const AffineForm& x, const AffineForm& y);
AffineForm scale_by_constant(LowerContext& context, const AffineForm& x, const AffineForm& y);
/// x^2 for each element; `value` is the name of x.
AffineForm square(LowerContext& context, const AffineForm& x, ValueId value);
/// 1 / x for each element.
AffineForm invert(LowerContext& context, const AffineForm& x);
/// The same values as variables of their own, bounded like neurons: a form that is used in many
/// places is written out only once, and the intervals of what is made of it are good ones.
AffineForm as_neurons(LowerContext& context, const AffineForm& x);

}  // namespace clipbound::bounds
