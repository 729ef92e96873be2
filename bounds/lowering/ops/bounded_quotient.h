#pragma once
// Idea: quotients that cannot be large: a vector's elements by its norm, a part by its whole. No
// bounds of numerator and divisor apart tell that where both come near 0.
// Source: own.
// Guarantees: |x / y| is no larger wherever y is not 0; where y is 0, so is x (S1).
#include "bounds/lowering/ops/lower_op.h"

namespace clipbound::bounds {

/// For a Div: c with |x_i| <= c y_i for all elements, by what makes x and y: y is |x|, or the root
/// of a sum (or mean) of x's squares, or that and more. Infinite where none is seen.
double largest_quotient(const Network& network, const Node& node);
/// Whether all elements are y_i = x_i + more, with x_i and all of it >= 0.
bool are_shares(const LowerContext& context, const AffineForm& x, const AffineForm& y);

}  // namespace clipbound::bounds
