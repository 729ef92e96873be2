#pragma once
// Idea: products whose factors depend on one and the same neuron: a t^2 + b t + c, with t =
// f(z), is a function of z like any other.
// Source: own.
// Guarantees: exact: every step is affine or a relaxed activation (S1, S3).
//
// Where f^2 is linear in f and one more function of z, as for
//   tanh(z)^2 = 1 - tanh'(z),   sigma(z)^2 = sigma(z) - tanh'(z / 2) / 4,
//   sin(z)^2 = (1 - cos(2 z)) / 2,   cos(z)^2 = (1 + cos(2 z)) / 2,
// that function's lines are those of one curve; lines of t and of t^2 in turn would lose twice.
#include "bounds/lowering/ops/lower_op.h"

namespace clipbound::bounds {

/// 1 for the elements at which both forms, of equal size, depend on one and the same neuron only,
/// of a function above.
std::vector<char> of_same_neuron(LowerContext& context, const AffineForm& x, const AffineForm& y);
/// x_i y_i where all elements are such.
AffineForm multiply_same_neuron(LowerContext& context, const AffineForm& x, const AffineForm& y);

}  // namespace clipbound::bounds
