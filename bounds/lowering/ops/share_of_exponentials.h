#pragma once
// Idea: exp(a) / (exp(a) + exp(b) + ... + c) = 1 / (1 + exp(b - a) + ... + c exp(-a)): softmax and
// sigmoid, written out. Without the quotient no exponential grows beyond all bounds, and what grows
// together is subtracted where it is linear.
// Source: own; the same form of Softmax is in Wei et al. 2023.
// Guarantees: exact: every step is affine or a relaxed activation (S1, S3).
#include <optional>

#include "bounds/lowering/ops/lower_op.h"

namespace clipbound::bounds {

/// x / y, forms of equal size; nothing where some element is not of this form.
std::optional<AffineForm> share_of_exponentials(LowerContext& context, const AffineForm& x,
                                                const AffineForm& y);

}  // namespace clipbound::bounds
