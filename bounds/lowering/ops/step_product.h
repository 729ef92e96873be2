#pragma once
// Idea: products with a factor that jumps: masks, and Where, which is no + condition (yes - no).
// Squares would mix what jumps with what does not. Instead, for any number k,
//   step(d) y = k relu(d) + step(d) (y - k d),     sign(d) y = k |d| + sign(d) (y - k d),
// exactly. With the k that cancels d in y nothing is left, or little: Where(a < b, a, b) is
// b - relu(b - a). What is left is a product of a number that is 0 or 1.
// Source: own; the encoding of 0 or 1 times a number is the usual one of integer programs ("big M").
// Guarantees: exact, also at the jump, for any k (S1).
#include "bounds/lowering/ops/lower_op.h"

namespace clipbound::bounds {

/// 1 for the elements that are a + b s exactly, s one neuron with a step or a sign.
std::vector<char> are_steps(const LowerContext& context, const AffineForm& form);
/// s_i y_i, where all elements of s are such.
AffineForm multiply_by_steps(LowerContext& context, const AffineForm& s, const AffineForm& y);
/// c_i y_i, where every c_i is 0 or 1 at every point.
AffineForm multiply_by_truth(LowerContext& context, const AffineForm& c, const AffineForm& y);
/// Whether an element depends on nothing but neurons with jumps (or ReLUs of such).
bool is_made_of_jumps(const LowerContext& context, const AffineForm& form, std::int64_t i);

}  // namespace clipbound::bounds
